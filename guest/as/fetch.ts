// fetch METHOD URL [BODY]: prints status, content type and body of the response.
import { get, request } from "./perch_http";

function run(args: string[]): i32 {
  if (args.length < 3) {
    process.stderr.write("usage: fetch METHOD URL [BODY]\n");
    return 2;
  }
  const body = args.length > 3 ? args[3] : "";
  const response = args[1] == "GET" && args.length == 3
    ? get(args[2])
    : request(args[1], args[2], "Content-Type: text/plain", String.UTF8.encode(body));
  if (response == null) {
    process.stderr.write("refused\n");
    return 1;
  }
  const type = response.header("Content-Type");
  process.stdout.write(`status ${response.status}\ntype ${type == null ? "" : type}\nlength ${response.length}\n`);
  process.stdout.write(response.text());
  response.close();
  return 0;
}

process.exit(run(process.argv));
