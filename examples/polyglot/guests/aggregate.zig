//! Third stage: adds up the classified requests and writes the sums as JSON.
//!
//!   aggregate IN-DIRECTORY OUT-DIRECTORY
//!
//! Reads requests.tsv of the first and writes statistics.json of the second: for each sender the
//! number of requests; for each route that people asked for the number of requests, of failures
//! (status 500 and up), and the median and 95th percentile of the duration; for each hour (UTC)
//! the number of requests by people; and the paths that attacks asked for.

const std = @import("std");
const Allocator = std.mem.Allocator;

const Route = struct {
    failures: usize = 0,
    bytes: u64 = 0,
    durations: std.ArrayListUnmanaged(u32) = .empty,
};

const Counts = std.StringArrayHashMapUnmanaged(usize);

const Sums = struct {
    senders: Counts = .empty,
    attacks: Counts = .empty,
    routes: std.StringArrayHashMapUnmanaged(Route) = .empty,
    hours: [24]usize = @splat(0),
};

fn increment(allocator: Allocator, counts: *Counts, key: []const u8) !void {
    const entry = try counts.getOrPutValue(allocator, key, 0);
    entry.value_ptr.* += 1;
}

/// Fields: sender, route, time, client, method, path, status, bytes, milliseconds, agent.
fn add(allocator: Allocator, sums: *Sums, line: []const u8) !void {
    var fields: [10][]const u8 = undefined;
    var words = std.mem.splitScalar(u8, line, '\t');
    for (&fields) |*field| field.* = words.next() orelse return error.MissingField;

    try increment(allocator, &sums.senders, fields[0]);
    if (std.mem.eql(u8, fields[0], "attack")) try increment(allocator, &sums.attacks, fields[5]);
    if (!std.mem.eql(u8, fields[0], "person")) return;

    const time = try std.fmt.parseInt(u64, fields[2], 10);
    sums.hours[@intCast((time / 3600) % 24)] += 1;
    const route = (try sums.routes.getOrPutValue(allocator, fields[1], .{})).value_ptr;
    if (try std.fmt.parseInt(u16, fields[6], 10) >= 500) route.failures += 1;
    route.bytes += try std.fmt.parseInt(u64, fields[7], 10);
    try route.durations.append(allocator, try std.fmt.parseInt(u32, fields[8], 10));
}

/// The smallest value that at least `percent` of the sorted values do not exceed.
fn percentile(sorted: []const u32, percent: usize) u32 {
    return sorted[(sorted.len * percent + 99) / 100 - 1];
}

const RouteOut = struct {
    route: []const u8,
    requests: usize,
    failures: usize,
    bytes: u64,
    median_ms: u32,
    p95_ms: u32,

    fn busier(_: void, a: RouteOut, b: RouteOut) bool {
        if (a.requests != b.requests) return a.requests > b.requests;
        return std.mem.lessThan(u8, a.route, b.route);
    }
};

const CountOut = struct {
    name: []const u8,
    requests: usize,

    fn more(_: void, a: CountOut, b: CountOut) bool {
        if (a.requests != b.requests) return a.requests > b.requests;
        return std.mem.lessThan(u8, a.name, b.name);
    }
};

fn routesOut(allocator: Allocator, sums: *Sums) ![]RouteOut {
    const out = try allocator.alloc(RouteOut, sums.routes.count());
    for (out, sums.routes.keys(), sums.routes.values()) |*o, name, route| {
        std.mem.sort(u32, route.durations.items, {}, std.sort.asc(u32));
        o.* = .{
            .route = name,
            .requests = route.durations.items.len,
            .failures = route.failures,
            .bytes = route.bytes,
            .median_ms = percentile(route.durations.items, 50),
            .p95_ms = percentile(route.durations.items, 95),
        };
    }
    std.mem.sort(RouteOut, out, {}, RouteOut.busier);
    return out;
}

fn countsOut(allocator: Allocator, counts: Counts) ![]CountOut {
    const out = try allocator.alloc(CountOut, counts.count());
    for (out, counts.keys(), counts.values()) |*o, name, n| o.* = .{ .name = name, .requests = n };
    std.mem.sort(CountOut, out, {}, CountOut.more);
    return out;
}

/// A WASI program has no root directory, only the directories it was given, each by its name.
fn given(preopens: std.fs.wasi.Preopens, path: []const u8) !std.fs.Dir {
    return .{ .fd = preopens.find(path) orelse {
        std.debug.print("aggregate: directory {s} was not given\n", .{path});
        return error.NotGiven;
    } };
}

pub fn main() !void {
    var arena = std.heap.ArenaAllocator.init(std.heap.page_allocator);
    const allocator = arena.allocator();
    const arguments = try std.process.argsAlloc(allocator);
    if (arguments.len != 3) {
        std.debug.print("usage: aggregate IN-DIRECTORY OUT-DIRECTORY\n", .{});
        std.process.exit(2);
    }
    const preopens = try std.fs.wasi.preopensAlloc(allocator);
    const in = try given(preopens, arguments[1]);
    const out = try given(preopens, arguments[2]);

    var sums: Sums = .{};
    const text = try in.readFileAlloc(allocator, "requests.tsv", 1 << 30);
    var lines = std.mem.tokenizeScalar(u8, text, '\n');
    while (lines.next()) |line| try add(allocator, &sums, line);

    const statistics = .{
        .senders = try countsOut(allocator, sums.senders),
        .routes = try routesOut(allocator, &sums),
        .hours = sums.hours,
        .attacks = try countsOut(allocator, sums.attacks),
    };
    const json = try std.fmt.allocPrint(allocator, "{f}\n", .{std.json.fmt(statistics, .{ .whitespace = .indent_1 })});
    try out.writeFile(.{ .sub_path = "statistics.json", .data = json });

    var buffer: [256]u8 = undefined;
    var stdout = std.fs.File.stdout().writer(&buffer);
    try stdout.interface.print("aggregate: {d} routes, {d} attacked paths\n", .{ sums.routes.count(), sums.attacks.count() });
    try stdout.interface.flush();
}
