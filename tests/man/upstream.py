"""The sandbox as one example sees it: behind a server that notes what is asked, and may tell the sandbox what to answer."""

import http.client
import http.server
import json
import threading

from processes import PATIENCE


class Upstream:
    def __init__(self, sandbox):
        outer = self
        self.asked = []  # the bodies of all requests that have one
        self.answer = None  # a text, for questions

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def passes_on(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name: value for name, value in self.headers.items()
                           if name.lower() not in ("host", "connection", "content-length", "accept-encoding")}
                upstream = http.client.HTTPConnection(sandbox, timeout=PATIENCE)
                upstream.request(self.command, self.path, outer.noted(body), headers)
                reply = upstream.getresponse()
                # Its end is that of the connection.
                self.close_connection = True
                self.send_response(reply.status)
                for name in ("content-type", "date"):
                    if name in reply.headers:
                        self.send_header(name, reply.headers[name])
                self.send_header("connection", "close")
                self.end_headers()
                while piece := reply.read1():
                    self.wfile.write(piece)
                upstream.close()

            do_GET = do_POST = do_DELETE = passes_on

            def send_response(self, code, message=None):
                self.send_response_only(code, message)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None  # a client that has left
        threading.Thread(target=self.server.serve_forever, args=[0.05], daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1beta"

    def noted(self, body):
        if not body:
            return body
        request = json.loads(body)
        self.asked.append(request)
        if self.answer:
            said = request["contents"][-1]["parts"][-1]
            said["text"] += "\nsandbox: " + json.dumps({"text": self.answer})
        return json.dumps(request).encode()

    def question(self):
        """The last one, with what came with it, as parts."""
        return self.asked[-1]["contents"][-1]["parts"]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
