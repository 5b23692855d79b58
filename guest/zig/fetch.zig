//! fetch METHOD URL [BODY]: prints status, content type and body of the response.
const std = @import("std");
const perch = @import("perch_http.zig");

fn ask(args: []const [:0]const u8) perch.Error!perch.Response {
    if (args.len == 3 and std.mem.eql(u8, args[1], "GET")) return perch.get(args[2]);
    return perch.request(args[1], args[2], "Content-Type: text/plain", if (args.len > 3) args[3] else "");
}

pub fn main() !void {
    var arena = std.heap.ArenaAllocator.init(std.heap.page_allocator);
    const args = try std.process.argsAlloc(arena.allocator());
    const stderr = std.fs.File.stderr();
    if (args.len < 3) {
        try stderr.writeAll("usage: fetch METHOD URL [BODY]\n");
        std.process.exit(2);
    }
    const response = ask(args) catch {
        try stderr.writeAll("refused\n");
        std.process.exit(1);
    };
    defer response.close();

    var buffer: [1000]u8 = undefined;
    var line: [200]u8 = undefined;
    const stdout = std.fs.File.stdout();
    const content_type = response.header("Content-Type", &line) orelse "";
    const format = "status {d}\ntype {s}\nlength {d}\n";
    try stdout.writeAll(try std.fmt.bufPrint(&buffer, format, .{ response.status(), content_type, response.len() }));
    while (true) {
        const count = response.read(&buffer);
        if (count == 0) break;
        try stdout.writeAll(buffer[0..count]);
    }
}
