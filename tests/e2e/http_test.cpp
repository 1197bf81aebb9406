// HTTP itself, well-formed and not, through the running binary.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "lib/core/json.hpp"
#include "tests/e2e/bodies.hpp"
#include "tests/support/fake_upstream.hpp"
#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

const std::string kToken = "x-goog-api-key: sk-test\r\n";

class HttpTest : public ::testing::Test {
 protected:
  HttpTest()
      : upstream_([](Call& call) { call.reply(200, kAnswer); }),
        daemon_(
            home_, upstream_.base_url(), {"key-one"},
            "[server]\nmax_body = \"100KiB\"\nmax_header = \"8KiB\"\nheader_timeout = \"400ms\"\ncors_origins = [\"https://app.example\"]\n") {
  }

  FakeUpstream upstream_;
  TempDir home_;
  Daemon daemon_;
};

TEST_F(HttpTest, RefusesWhatIsMalformedInTheDialectOfItsReaderAndGoesOnServing) {
  const struct {
    const char* name;
    std::string request;
    int status;
  } cases[] = {
      {"two lengths",
       "POST " + kGenerate +
           " HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
       400},
      {"a length and chunks",
       "POST " + kGenerate +
           " HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       400},
      {"an unknown encoding",
       "POST " + kGenerate + " HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
      {"bad chunks",
       "POST " + kGenerate + " HTTP/1.1\r\nHost: h\r\n" + kToken +
           "Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
       400},
      {"huge headers", "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(9'000, 'x') + "\r\n\r\n",
       431},
      {"a huge path", "GET /" + std::string(20'000, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n", 431},
      {"no HTTP", "hello there, is anybody listening?\r\n\r\n", 400},
      {"TLS", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n", 13), 400},
      {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"a body over the limit",
       "POST " + kGenerate + " HTTP/1.1\r\nHost: h\r\n" + kToken +
           "Content-Length: 1000000000\r\n\r\n",
       413},
      {"chunks over the limit",
       "POST " + kGenerate + " HTTP/1.1\r\nHost: h\r\n" + kToken +
           "Transfer-Encoding: chunked\r\n\r\n20000\r\n",
       413},
      {"an unknown expectation", "POST / HTTP/1.1\r\nHost: h\r\nExpect: miracles\r\n\r\n", 417},
      {"dots in the path", "GET /v1beta/../x HTTP/1.1\r\nHost: h\r\n" + kToken + "\r\n", 400},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    auto socket = Socket::connect(daemon_.port());
    socket.send(c.request);
    MessageReader reader(socket);
    const auto reply = reader.read();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status(), c.status) << reply->body;
    EXPECT_TRUE(reply->whole);
    const auto body = parse_json(reply->body);
    ASSERT_TRUE(body) << reply->body;
    EXPECT_EQ((*body)["error"]["code"], c.status);
    if (c.name != std::string_view("dots in the path"))
      EXPECT_TRUE(socket.peer_leaves(milliseconds{5'000}))
          << "nobody knows where the next request starts";
    EXPECT_EQ(daemon_.get("/healthz").status(), 200);
  }
  const auto openai = ask(daemon_.port(), "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\n" +
                                              kToken + "Content-Length: 1000000000\r\n\r\n");
  EXPECT_EQ(openai.status(), 413);
  EXPECT_EQ((*parse_json(openai.body))["error"]["type"], "invalid_request_error");
  EXPECT_TRUE(upstream_.log().empty());
}

TEST_F(HttpTest, AHeadThatNeverEndsIsGivenUp) {
  for (const std::string part : {"GET / HT", "GET / HTTP/1.1\r\nHost: h\r\n"}) {
    auto socket = Socket::connect(daemon_.port());
    socket.send(part);
    MessageReader reader(socket);
    const auto reply = reader.read();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status(), 408);
  }
}

TEST_F(HttpTest, BadBodiesAreTheCallersFault) {
  const struct {
    const char* name;
    std::string path;
    std::string body;
    int status;
    const char* says;
  } cases[] = {
      {"no JSON", "/v1/chat/completions", "{", 400, "JSON"},
      {"nothing", "/v1/chat/completions", "", 400, "JSON"},
      {"invalid UTF-8", "/v1/chat/completions",
       "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"\xff\"}]}", 400, "UTF-8"},
      {"nested 40,000 deep", "/v1/chat/completions",
       "{\"messages\":" + std::string(40'000, '[') + std::string(40'000, ']') + "}", 400, "nested"},
      {"embeddings nested as deep", "/v1/embeddings",
       std::string(40'000, '[') + std::string(40'000, ']'), 400, "nested"},
      {"tokens for embeddings", "/v1/embeddings", R"({"model":"m","input":[1,2]})", 400,
       "token ids"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto reply = daemon_.post(c.path, c.body);
    EXPECT_EQ(reply.status(), c.status);
    const auto body = parse_json(reply.body);
    ASSERT_TRUE(body) << reply.body;
    EXPECT_NE((*body)["error"]["message"].get<std::string>().find(c.says), std::string::npos)
        << reply.body;
  }
  EXPECT_TRUE(upstream_.log().empty());
  EXPECT_EQ(daemon_.post(kGenerate, std::string(50'000, '[')).status(), 200)
      << "the native face does not look inside";
}

TEST_F(HttpTest, KeepsConnectionsAndAnswersPipelinedRequestsInOrder) {
  auto socket = Socket::connect(daemon_.port());
  std::string requests;
  for (int i = 0; i < 5; ++i) {
    requests += http_request("POST", kGenerate, kHello, {"x-goog-api-key: sk-test"});
    requests += http_request("GET", i % 2 ? "/healthz" : "/nothing", "");
  }
  socket.send(requests);
  MessageReader reader(socket);
  for (int i = 0; i < 5; ++i) {
    const auto answer = reader.read();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, kAnswer);
    const auto page = reader.read();
    ASSERT_TRUE(page);
    EXPECT_EQ(page->status(), i % 2 ? 200 : 404);
  }
  EXPECT_EQ(upstream_.connections(), 1u) << "upstream's connection is kept, too";
  socket.send("GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(reader.read()->header("connection"), "close");
  EXPECT_TRUE(socket.peer_leaves(milliseconds{5'000}));
}

TEST_F(HttpTest, TakesChunkedBodiesInAnyCut) {
  const std::string head = "POST " + kGenerate + " HTTP/1.1\r\nHost: h\r\n" + kToken +
                           "Transfer-Encoding: chunked\r\n\r\n";
  const std::string chunks =
      "5\r\n{\"con\r\n10;x=y\r\ntents\":[{\"parts\"\r\n13\r\n:[{\"text\":\"hi\"}]}]}\r\n0\r\nTrailer: z\r\n\r\n";
  auto socket = Socket::connect(daemon_.port());
  MessageReader reader(socket);
  for (std::size_t cut = 1; cut < chunks.size(); cut += 3) {
    socket.send(head + chunks.substr(0, cut));
    socket.send(chunks.substr(cut));
    const auto reply = reader.read();
    ASSERT_TRUE(reply) << cut;
    EXPECT_EQ(reply->status(), 200);
    EXPECT_EQ(upstream_.last().body, kHello);
  }
}

TEST_F(HttpTest, SaysContinueToThoseWhoWaitForIt) {
  auto socket = Socket::connect(daemon_.port());
  socket.send("POST " + kGenerate + " HTTP/1.1\r\nHost: h\r\n" + kToken +
              "Expect: 100-continue\r\nContent-Length: " + std::to_string(kHello.size()) +
              "\r\n\r\n");
  MessageReader reader(socket);
  const auto interim = reader.read();
  ASSERT_TRUE(interim);
  EXPECT_EQ(interim->status(), 100);
  socket.send(kHello);
  EXPECT_EQ(reader.read()->status(), 200);
}

TEST_F(HttpTest, AnswersHttp10AndClosesBehindIt) {
  auto socket = Socket::connect(daemon_.port());
  socket.send("POST " + kGenerate + " HTTP/1.0\r\n" + kToken +
              "Content-Length: " + std::to_string(kHello.size()) + "\r\n\r\n" + kHello);
  MessageReader reader(socket);
  const auto reply = reader.read();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->body, kAnswer);
  EXPECT_TRUE(socket.peer_leaves(milliseconds{5'000}));
}

TEST_F(HttpTest, AnswersBrowsersThatAskFirst) {
  const auto allowed = ask(
      daemon_.port(),
      "OPTIONS /v1/chat/completions HTTP/1.1\r\nHost: h\r\nOrigin: https://app.example\r\n"
      "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization\r\n\r\n");
  EXPECT_EQ(allowed.status() / 100, 2);
  EXPECT_EQ(allowed.header("access-control-allow-origin"), "https://app.example");
  EXPECT_NE(allowed.header("access-control-allow-headers").find("authorization"),
            std::string::npos);
  const auto other = ask(
      daemon_.port(),
      "OPTIONS /v1/models HTTP/1.1\r\nHost: h\r\nOrigin: https://evil.example\r\nAccess-Control-Request-Method: GET\r\n\r\n");
  EXPECT_EQ(other.header("access-control-allow-origin"), "");
  const auto reply = daemon_.post(kGenerate, kHello, {"Origin: https://app.example"});
  EXPECT_EQ(reply.header("access-control-allow-origin"), "https://app.example");
}

TEST_F(HttpTest, HundredsOfConnectionsCostNoThread) {
  const auto threads = [this] {
    std::ifstream file("/proc/" + std::to_string(daemon_.process().pid()) + "/status");
    std::string line;
    while (std::getline(file, line)) {
      if (line.starts_with("Threads:")) return std::atoi(line.c_str() + 8);
    }
    return 0;
  };
  const int before = threads();
  std::vector<Socket> sockets;
  for (int i = 0; i < 400; ++i) {
    sockets.push_back(Socket::connect(daemon_.port()));
    ASSERT_GE(sockets.back().handle(), 0);
  }
  for (auto& socket : sockets) socket.send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
  for (auto& socket : sockets) EXPECT_EQ(MessageReader(socket).read()->status(), 200);
  // The daemon's own few threads may still be starting when it first says that it listens.
  EXPECT_LT(threads(), before + 20);
}

}  // namespace
}  // namespace gembal::testing
