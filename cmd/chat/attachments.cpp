#include "cmd/chat/attachments.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "lib/core/base64.hpp"
#include "lib/core/text.hpp"
#include "lib/gemini/media.hpp"
#include "lib/gemini/shown_text.hpp"

namespace gembal::cmd {
namespace {

constexpr std::size_t kMostDownloaded = 200u << 20;
constexpr std::size_t kPiece = 256 * 1024;
constexpr auto kPollEvery = std::chrono::seconds(1);

/// What a file is by the end of its name, where its first bytes do not tell.
std::string_view type_by_name(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
      {".png", "image/png"},   {".jpg", "image/jpeg"},      {".jpeg", "image/jpeg"},
      {".webp", "image/webp"}, {".heic", "image/heic"},     {".pdf", "application/pdf"},
      {".mp3", "audio/mp3"},   {".wav", "audio/wav"},       {".ogg", "audio/ogg"},
      {".flac", "audio/flac"}, {".m4a", "audio/m4a"},       {".aac", "audio/aac"},
      {".mp4", "video/mp4"},   {".mov", "video/mov"},       {".webm", "video/webm"},
      {".mpg", "video/mpeg"},  {".mkv", "video/x-matroska"}};
  const auto lowered = lower(name);
  for (const auto& [end, type] : kTypes) {
    if (lowered.ends_with(end)) return type;
  }
  return "";
}

bool is_address(std::string_view name) {
  return name.starts_with("https://") || name.starts_with("http://");
}

bool is_youtube(std::string_view url) {
  return url.find("://www.youtube.com/") != std::string_view::npos ||
         url.find("://youtube.com/") != std::string_view::npos ||
         url.find("://youtu.be/") != std::string_view::npos;
}

std::string last_part(const std::string& name) {
  const auto path = name.substr(0, name.find_first_of("?#"));
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

Result<Json> part_of(std::string bytes, const std::string& name, std::string_view declared) {
  if (bytes.empty()) return Error{ErrorKind::usage, "'" + name + "' is empty", ""};
  std::string type(gemini::sniff_mime_type(bytes));
  if (type.empty()) type = type_by_name(name);
  if (type.empty() && !declared.empty()) {
    type = gemini::normal_mime_type(declared);
    if (type.starts_with("text/") || type.ends_with("/json") || type.ends_with("/octet-stream"))
      type.clear();
  }
  if (type.empty() && is_valid_utf8(bytes) && bytes.find('\0') == std::string::npos)
    return Json{{"text", name + ":" + gemini::code_block("", bytes)}};
  if (type.empty()) {
    return Error{ErrorKind::usage,
                 "'" + name + "' is neither text nor a picture, sound, film or PDF",
                 "models read those; convert it first"};
  }
  return gemini::inline_data({std::move(type), base64_encode(bytes)});
}

/// A file as it is sent.
class FileSource final : public http::BodySource {
 public:
  FileSource(const std::string& path, std::uint64_t size)
      : path_(path), file_(path, std::ios::binary) {
    length = size;
    left_ = size;
  }

  async::Task<Result<std::optional<std::string>>> next() override {
    if (left_ == 0) co_return std::optional<std::string>();
    std::string piece(static_cast<std::size_t>(std::min<std::uint64_t>(left_, kPiece)), '\0');
    file_.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    if (static_cast<std::size_t>(file_.gcount()) != piece.size())
      co_return Error{ErrorKind::io, "'" + path_ + "' became shorter while it was read", ""};
    left_ -= piece.size();
    std::optional<std::string> made(std::move(piece));
    co_return made;
  }

 private:
  std::string path_;
  std::ifstream file_;
  std::uint64_t left_ = 0;
};

/// The start of a large file, by which its type is told.
std::string first_bytes(const std::string& path) {
  std::string bytes(64, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
}

/// Takes a large file to the Files API, and waits until it can be used.
async::Task<Result<Json>> upload(ApiAccess& access, std::string path, std::uint64_t size,
                                 std::optional<upstream::OwningKey>& owner) {
  std::string type(gemini::sniff_mime_type(first_bytes(path)));
  if (type.empty()) type = type_by_name(path);
  if (type.empty()) type = "text/plain";
  auto start = access.call("POST", "/files");
  start.url = access.root_url("/upload/v1beta/files", "uploadType=resumable");
  start.headers.push_back("content-type: application/json");
  start.headers.push_back("x-goog-upload-protocol: resumable");
  start.headers.push_back("x-goog-upload-command: start");
  start.headers.push_back("x-goog-upload-header-content-length: " + std::to_string(size));
  start.headers.push_back("x-goog-upload-header-content-type: " + type);
  const Json about = {{"file", {{"display_name", last_part(path)}}}};
  start.body = std::make_shared<const std::string>(to_text(about));
  start.owner = owner;
  auto begun = co_await access.send(std::move(start));
  if (!begun) co_return std::move(begun).error();
  const std::string session(begun->head().header("x-goog-upload-url"));
  if (session.empty())
    co_return Error{ErrorKind::upstream, "the API names no address to upload to", ""};
  owner = upstream::OwningKey{begun->key().id, begun->key().project};

  auto sending = access.call("POST", "/files");
  sending.url = session;
  sending.headers.push_back("x-goog-upload-offset: 0");
  sending.headers.push_back("x-goog-upload-command: upload, finalize");
  sending.body_source = std::make_shared<FileSource>(path, size);
  sending.owner = owner;
  auto sent = co_await access.fetch(std::move(sending));
  if (!sent) co_return std::move(sent).error();
  auto file = parse_json(*sent);
  const Json* about_file = file ? find(*file, "file") : nullptr;
  if (!about_file) co_return Error{ErrorKind::upstream, "the upload was not understood", ""};
  Json known = *about_file;
  while (string_in(known, "state") == "PROCESSING") {
    co_await async::sleep(access.loop(), kPollEvery, access.interrupt());
    auto asking = access.call("GET", "/" + std::string(string_in(known, "name")));
    asking.owner = owner;
    auto now = co_await access.fetch(std::move(asking));
    if (!now) co_return std::move(now).error();
    auto parsed = parse_json(*now);
    if (!parsed) co_return Error{ErrorKind::upstream, "the upload cannot be looked at", ""};
    known = *std::move(parsed);
  }
  if (string_in(known, "state") == "FAILED")
    co_return Error{ErrorKind::upstream, "the API cannot use '" + path + "'", ""};
  co_return Json{{"fileData", {{"mimeType", type}, {"fileUri", string_in(known, "uri")}}}};
}

async::Task<Result<Json>> download(ApiAccess& access, std::string url) {
  http::Client client(access.loop(), {});
  for (int redirects = 0; redirects < 10; ++redirects) {
    http::Request request;
    request.url = url;
    request.timeouts.total = std::chrono::minutes(5);
    auto reply = client.open(std::move(request));
    const async::Interrupt::Subscription stop(access.interrupt(), [&reply] {
      reply.abort({ErrorKind::cancelled, "interrupted", ""});
    });
    auto arrived = co_await reply.wait_for_head();
    if (!arrived) co_return std::move(arrived).error().in("fetching '" + url + "'");
    const int status = reply.head().status;
    const std::string target(reply.head().header("location"));
    if (status >= 300 && status < 400 && is_address(target)) {
      url = target;
      continue;
    }
    if (status != 200) {
      co_return Error{ErrorKind::upstream,
                      "'" + url + "' cannot be fetched: status " + std::to_string(status), ""};
    }
    const std::string type(reply.head().header("content-type"));
    std::string bytes;
    while (const auto piece = co_await reply.next()) {
      bytes += *piece;
      if (bytes.size() > kMostDownloaded)
        co_return Error{ErrorKind::usage, "'" + url + "' is larger than 200 MiB", ""};
    }
    if (reply.error()) co_return Error(*reply.error()).in("fetching '" + url + "'");
    auto part = part_of(std::move(bytes), last_part(url), type);
    co_return part;
  }
  co_return Error{ErrorKind::upstream, "'" + url + "' leads from one address to the next", ""};
}

async::Task<Result<Json>> read_one(ApiAccess& access, std::string name,
                                   std::optional<upstream::OwningKey>& owner) {
  if (is_address(name)) {
    if (is_youtube(name)) co_return Json{{"fileData", {{"fileUri", name}}}};
    auto fetched = co_await download(access, name);
    co_return fetched;
  }
  if (name == "-") {
    auto input = read_input();
    if (!input) co_return std::move(input).error();
    auto part = part_of(*std::move(input), "standard input", "");
    co_return part;
  }
  std::error_code failure;
  const auto size = std::filesystem::is_regular_file(name, failure)
                        ? std::filesystem::file_size(name, failure)
                        : std::uintmax_t{0};
  if (!failure && size > kMostInline) {
    auto uploaded = co_await upload(access, name, size, owner);
    co_return uploaded;
  }
  auto content = read_file(name);
  if (!content) co_return std::move(content).error();
  auto part = part_of(*std::move(content), last_part(name), "");
  co_return part;
}

}  // namespace

async::Task<Result<Attachments>> read_attachments(ApiAccess& access,
                                                  std::vector<std::string> names) {
  Attachments all;
  for (const auto& name : names) {
    auto part = co_await read_one(access, name, all.owner);
    if (!part) co_return std::move(part).error();
    all.parts.push_back(*std::move(part));
  }
  co_return all;
}

}  // namespace gembal::cmd
