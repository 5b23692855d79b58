//! Prints its arguments, and GREETING when it can see it.

const std = @import("std");

pub fn main() !void {
    var arena = std.heap.ArenaAllocator.init(std.heap.page_allocator);
    const allocator = arena.allocator();
    const words = try std.process.argsAlloc(allocator);

    var buffer: [1024]u8 = undefined;
    var stdout = std.fs.File.stdout().writer(&buffer);
    const out = &stdout.interface;
    try out.print("argv: [{s}]\n", .{try std.mem.join(allocator, " ", words)});
    const environment = try std.process.getEnvMap(allocator);
    if (environment.get("GREETING")) |greeting| try out.print("greeting: {s}\n", .{greeting});
    try out.flush();
}
