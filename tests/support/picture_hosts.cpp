#include "tests/support/picture_hosts.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <map>

#include "lib/core/base64.hpp"
#include "lib/core/json.hpp"

namespace gembal::testing {
namespace {

struct FormFile {
  std::string name;
  std::string media_type;
  std::string bytes;
};

struct SimpleForm {
  std::map<std::string, std::string> fields;
  std::map<std::string, FormFile> files;
};

std::string between(const std::string& text, const std::string& begin, const std::string& end) {
  const auto from = text.find(begin);
  if (from == std::string::npos) return "";
  const auto start = from + begin.size();
  return text.substr(start, text.find(end, start) - start);
}

SimpleForm read_form(const Message& request) {
  SimpleForm form;
  const auto type = request.header("content-type");
  const auto at = type.find("boundary=");
  if (!type.starts_with("multipart/form-data") || at == std::string::npos) return form;
  const std::string mark = "--" + type.substr(at + 9);
  for (auto part = request.body.find(mark + "\r\n"); part != std::string::npos;) {
    const auto head = part + mark.size() + 2;
    const auto body = request.body.find("\r\n\r\n", head);
    const auto next = request.body.find("\r\n" + mark, body);
    if (body == std::string::npos || next == std::string::npos) return {};
    const auto lines = request.body.substr(head, body + 2 - head);
    auto bytes = request.body.substr(body + 4, next - body - 4);
    const auto name = between(lines, " name=\"", "\"");
    if (const auto file = between(lines, "filename=\"", "\""); !file.empty()) {
      form.files[name] = {file, between(lines, "Content-Type: ", "\r\n"), std::move(bytes)};
    } else {
      form.fields[name] = std::move(bytes);
    }
    part = next + 2;
    if (request.body.compare(part, mark.size() + 2, mark + "--") == 0) break;
  }
  return form;
}

std::string keyed_digest(const EVP_MD* kind, const std::string& key, const std::string& text) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(kind, key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, &size);
  return {reinterpret_cast<const char*>(out), size};
}

std::string in_hex(const std::string& bytes) {
  std::string text;
  for (const char c : bytes) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(c));
    text += digits;
  }
  return text;
}

std::string sha256_in_hex(const std::string& text) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), out, &size, EVP_sha256(), nullptr);
  return in_hex({reinterpret_cast<const char*>(out), size});
}

std::string verb(const Message& request) {
  return request.start.substr(0, request.start.find(' '));
}

/// "x-oss-…:value" lines of the request, sorted, and those of `others` where they have a value.
std::string oss_lines(const Message& request, const std::vector<std::string>& others) {
  std::vector<std::string> lines;
  for (const auto& [name, value] : request.headers) {
    const bool wanted = name.rfind("x-oss-", 0) == 0 ||
                        std::find(others.begin(), others.end(), name) != others.end();
    if (wanted) lines.push_back(name + ":" + value + "\n");
  }
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (const auto& line : lines) text += line;
  return text;
}

std::string expected_v1(const Message& request) {
  const auto text = verb(request) + "\n" + request.header("content-md5") + "\n" +
                    request.header("content-type") + "\n" + request.header("date") + "\n" +
                    oss_lines(request, {}) + request.path();
  return "OSS " + std::string(PictureHosts::kOssId) + ":" +
         base64_encode(keyed_digest(EVP_sha1(), PictureHosts::kOssSecret, text));
}

std::string expected_v4(const Message& request) {
  const auto time = request.header("x-oss-date");
  const auto day = time.substr(0, 8);
  const auto scope = day + "/" + std::string(PictureHosts::kOssRegion) + "/oss/aliyun_v4_request";
  const auto canonical = verb(request) + "\n" + request.path() + "\n\n" +
                         oss_lines(request, {"content-type", "content-md5"}) + "\n\n" +
                         request.header("x-oss-content-sha256");
  const auto text = "OSS4-HMAC-SHA256\n" + time + "\n" + scope + "\n" + sha256_in_hex(canonical);
  std::string key = "aliyun_v4" + std::string(PictureHosts::kOssSecret);
  for (const auto& step : {day, std::string(PictureHosts::kOssRegion), std::string("oss"),
                           std::string("aliyun_v4_request")})
    key = keyed_digest(EVP_sha256(), key, step);
  return "OSS4-HMAC-SHA256 Credential=" + std::string(PictureHosts::kOssId) + "/" + scope +
         ",Signature=" + in_hex(keyed_digest(EVP_sha256(), key, text));
}

}  // namespace

PictureHosts::PictureHosts() : server_([this](Call& call) { serve(call); }) {}

std::vector<PictureHosts::Stored> PictureHosts::stored() const {
  const std::lock_guard lock(mutex_);
  return stored_;
}

void PictureHosts::break_down() {
  const std::lock_guard lock(mutex_);
  is_broken_ = true;
}

void PictureHosts::keep(Stored one) {
  const std::lock_guard lock(mutex_);
  stored_.push_back(std::move(one));
}

void PictureHosts::serve(Call& call) {
  bool is_broken = false;
  {
    const std::lock_guard lock(mutex_);
    is_broken = is_broken_;
  }
  if (is_broken) return call.reply(500, "<html>Internal Server Error</html>", "text/html");
  const auto path = call.path();
  if (path == "/api/v2/upload") return serve_smms(call);
  if (path == "/api/1/upload") return serve_picgo(call);
  if (path.starts_with("/upload")) return serve_imgbed(call);
  serve_oss(call);
}

void PictureHosts::serve_smms(Call& call) {
  if (call.request.header("authorization") != kSmMsToken) {
    return call.reply(
        200,
        R"({"success":false,"code":"unauthorized","message":"Unauthorized.","RequestId":"R"})");
  }
  const auto form = read_form(call.request);
  const auto file = form.files.find("smfile");
  if (file == form.files.end()) {
    return call.reply(
        200,
        R"({"success":false,"code":"no_file","message":"No files were uploaded.","RequestId":"R"})");
  }
  for (const auto& one : stored()) {
    if (one.host != "smms" || one.bytes != file->second.bytes) continue;
    return call.reply(
        200,
        to_text({{"success", false},
                 {"code", "image_repeated"},
                 {"message", "Image upload repeated limit, this image exists at: " + one.address},
                 {"images", one.address},
                 {"RequestId", "R"}}));
  }
  const std::string address = "https://s2.loli.net/2026/11/24/" + file->second.name;
  keep({"smms", file->second.name, file->second.media_type, file->second.bytes, address});
  call.reply(200, to_text({{"success", true},
                           {"code", "success"},
                           {"message", "Upload success."},
                           {"data",
                            {{"file_id", 0},
                             {"width", 1},
                             {"height", 1},
                             {"filename", file->second.name},
                             {"storename", file->second.name},
                             {"size", file->second.bytes.size()},
                             {"path", "/2026/11/24/" + file->second.name},
                             {"hash", "H"},
                             {"url", address},
                             {"delete", "https://sm.ms/delete/H"},
                             {"page", "https://sm.ms/image/H"}}},
                           {"RequestId", "R"}}));
}

void PictureHosts::serve_picgo(Call& call) {
  const auto form = read_form(call.request);
  const auto key = form.fields.find("key");
  const bool knows = call.request.header("x-api-key") == kPicGoKey ||
                     (key != form.fields.end() && key->second == kPicGoKey);
  if (!knows) {
    return call.reply(
        400,
        R"({"status_code":400,"error":{"message":"Invalid API key.","code":100},"status_txt":"Bad Request"})");
  }
  const auto file = form.files.find("source");
  if (file == form.files.end()) {
    return call.reply(
        400,
        R"({"status_code":400,"error":{"message":"Empty upload source.","code":130},"status_txt":"Bad Request"})");
  }
  const std::string address = "https://img.picgo.net/2026/11/24/" + file->second.name;
  keep({"picgo", file->second.name, file->second.media_type, file->second.bytes, address});
  call.reply(200, to_text({{"status_code", 200},
                           {"success", {{"message", "file uploaded"}, {"code", 200}}},
                           {"image",
                            {{"name", "n"},
                             {"extension", "png"},
                             {"size", file->second.bytes.size()},
                             {"url", address},
                             {"url_viewer", "https://www.picgo.net/image/n"}}},
                           {"status_txt", "OK"}}));
}

void PictureHosts::serve_imgbed(Call& call) {
  if (call.request.header("authcode") != kImgBedCode)
    return call.reply(401, "Unauthorized", "text/plain");
  const auto form = read_form(call.request);
  const auto file = form.files.find("file");
  if (file == form.files.end()) return call.reply(400, "Error: No file uploaded", "text/plain");
  const auto path = call.path();
  const auto folder = between(path + "&", "uploadFolder=", "&");
  const std::string source = "/file/" + (folder.empty() ? "" : folder + "/") + file->second.name;
  const bool is_full = path.find("returnFormat=full") != std::string::npos;
  const std::string address = is_full ? origin() + source : source;
  keep({"imgbed", file->second.name, file->second.media_type, file->second.bytes,
        origin() + source});
  call.reply(200, to_text(Json::array({{{"src", address}}})));
}

void PictureHosts::serve_oss(Call& call) {
  const auto& request = call.request;
  const bool is_v4 = request.header("authorization").starts_with("OSS4-");
  const auto expected = is_v4 ? expected_v4(request) : expected_v1(request);
  const std::string bucket = "/" + std::string(kOssBucket) + "/";
  std::string error;
  if (verb(request) != "PUT") error = "MethodNotAllowed";
  if (!request.path().starts_with(bucket)) error = "NoSuchBucket";
  if (request.header("authorization") != expected) error = "SignatureDoesNotMatch";
  if (!error.empty()) {
    return call.reply(403,
                      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>\n  <Code>" + error +
                          "</Code>\n  <Message>The request signature we calculated does not match "
                          "the signature you provided.</Message>\n  <RequestId>R</RequestId>\n"
                          "</Error>\n",
                      "application/xml");
  }
  keep({"oss", request.path().substr(bucket.size()), request.header("content-type"), request.body,
        origin() + request.path()});
  call.reply(200, "", "text/plain");
}

std::string tiny_png() {
  return *base64_decode(
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVQImWNwav0CAALIAbzDqqRyAAAAAElFTkSuQmCC");
}

}  // namespace gembal::testing
