// A forward proxy: requests with a whole address, and tunnels.

import { createServer, request } from "node:http";
import { connect } from "node:net";

/** {url, passed: what went through it, as "GET http://…" or "CONNECT host:port", stop} */
export async function startProxy() {
  const passed = [];
  const server = createServer((asked, answer) => {
    passed.push(`${asked.method} ${asked.url}`);
    const onward = request(asked.url, { method: asked.method, headers: asked.headers }, (reply) => {
      answer.writeHead(reply.statusCode, reply.headers);
      reply.pipe(answer);
    });
    onward.on("error", () => answer.destroy());
    answer.on("close", () => onward.destroy());
    asked.pipe(onward);
  });
  server.on("connect", (asked, client, first) => {
    passed.push(`CONNECT ${asked.url}`);
    const { hostname, port } = new URL(`http://${asked.url}`);
    const onward = connect(Number(port) || 80, hostname, () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      onward.write(first);
      onward.pipe(client).pipe(onward);
    });
    onward.on("error", () => client.destroy());
    client.on("error", () => onward.destroy());
    client.on("close", () => onward.destroy());
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    passed,
    stop: () => new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    }),
  };
}
