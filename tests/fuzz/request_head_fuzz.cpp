// A request's head: where it ends depends on nothing but its bytes, and all it tells lies inside
// it.

#include "daemon/front/request_head.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace gembal {
namespace {

using daemon::front::HeadProgress;
using daemon::front::HeadReader;
using daemon::front::RequestHead;

bool lies_in(const RequestHead& head, std::string_view part) {
  // The path of an absolute address that has none stands nowhere.
  return part.empty() || part == "/" ||
         (part.data() >= head.raw.data() &&
          part.data() + part.size() <= head.raw.data() + head.raw.size());
}

void check(const RequestHead& head) {
  for (const auto part : {head.method, head.target, head.path, head.query})
    promise(lies_in(head, part), "the parts of the request line lie in the head");
  promise(!head.method.empty() && !head.target.empty(), "method and target are there");
  promise(head.target.starts_with(head.path), "the target begins with the path");
  promise(!(head.chunked && head.content_length), "there is one way to find the body's end");
  for (const auto& field : head.fields) {
    promise(lies_in(head, field.name) && lies_in(head, field.value), "fields lie in the head");
    promise(!field.name.empty(), "a field has a name");
    for (const auto text : {field.name, field.value})
      promise(text.find_first_of(std::string_view("\r\n\0", 3)) == text.npos,
              "no field goes on in another line");
  }
}

}  // namespace

void fuzz_one(std::string_view input) {
  HeadReader whole({});
  const auto progress = whole.read(input);
  if (progress == HeadProgress::refused)
    promise(whole.error.status >= 400 && !whole.error.message.empty(), "a refusal says why");
  if (progress == HeadProgress::complete) {
    promise(whole.consumed > 0 && whole.consumed <= input.size(), "a head takes what was there");
    check(whole.head);
    HeadReader alone({});
    promise(alone.read(input.substr(0, whole.consumed)) == HeadProgress::complete &&
                alone.consumed == whole.consumed,
            "what follows a head does not change it");
  }
  // The connection reads again with each piece that arrives.
  std::size_t arrived = 0;
  for (const auto piece : pieces_of(input, 1)) {
    arrived += piece.size();
    HeadReader reader({});
    const auto so_far = reader.read(input.substr(0, arrived));
    if (so_far == HeadProgress::incomplete) continue;
    promise(so_far == progress, "the same head in any cut");
    if (progress == HeadProgress::complete)
      promise(reader.consumed == whole.consumed && reader.head.raw == whole.head.raw &&
                  reader.head.fields.size() == whole.head.fields.size(),
              "the same head in any cut");
    return;
  }
  promise(progress == HeadProgress::incomplete || input.empty(), "the same head in any cut");
}

}  // namespace gembal
