#include <unistd.h>

#include <cstdio>
#include <map>

#include "cmd/image_display.hpp"
#include "cmd/image_making.hpp"
#include "cmd/image_names.hpp"
#include "cmd/output_file.hpp"
#include "cmd/progress.hpp"
#include "lib/core/json.hpp"
#include "lib/core/text.hpp"
#include "lib/gemini/model_name.hpp"

namespace gembal::cmd {
namespace {

struct ImageOptions {
  std::vector<std::string> words;
  std::string output;
  int count = 1;
  std::vector<std::string> inputs;
  std::string aspect;
  std::string size;
  std::string model;
  bool upload = false;
  bool force = false;
  Via via;

  bool to_stdout() const { return output == "-"; }
};

/// What is left of a picture once it is where it belongs.
struct Placed {
  std::string path;
  std::string url;
  std::string media_type;
};

Result<std::string> prompt_from(const ImageOptions& options) {
  std::string prompt = join(options.words, " ");
  if (prompt == "-") {
    auto input = read_input();
    if (!input) return input;
    prompt = *std::move(input);
  }
  if (trim(prompt).empty())
    return Error{ErrorKind::usage, "there is nothing to draw", "say what the picture is to show"};
  if (!is_valid_utf8(prompt))
    return Error{ErrorKind::usage, "the prompt is not valid UTF-8", "convert it with iconv first"};
  return prompt;
}

/// `files`: the bytes of the pictures to be edited, which the call refers to.
Result<openai::ImageCall> call_from(const ImageOptions& options, const std::string& prompt,
                                    const std::vector<std::string>& files,
                                    const gemini::ModelRules& rules) {
  Json fields = {{"prompt", prompt}, {"n", options.count}};
  if (!options.model.empty()) fields["model"] = options.model;
  if (!options.size.empty()) fields["size"] = options.size;
  if (!options.aspect.empty()) fields["aspect_ratio"] = options.aspect;
  Result<openai::ImageCall> call(Error{});
  if (files.empty()) {
    call = openai::read_image_generation(to_text(fields), rules);
  } else {
    std::vector<openai::FormFile> pictures;
    for (std::size_t i = 0; i < files.size(); ++i)
      pictures.push_back({options.inputs[i], files[i]});
    call = openai::read_image_edit(fields, pictures, std::nullopt, rules);
  }
  if (!call) return call;
  // A name that is none of Gemini's would quietly mean another model.
  if (!options.model.empty() && gemini::bare_model(options.model) != call->called.called) {
    return Error{ErrorKind::usage, "'" + options.model + "' is no model that makes pictures",
                 "'gembal models' lists those that there are"};
  }
  return call;
}

Result<void> check_output(const ImageOptions& options, int count, bool json) {
  if (options.output.empty() && !options.upload) {
    return Error{ErrorKind::usage, "where is the picture to go?",
                 "name a file with -o, or ask for an address with --upload"};
  }
  if (options.to_stdout()) {
    if (::isatty(STDOUT_FILENO) == 1) {
      return Error{ErrorKind::usage, "a picture is not for a terminal",
                   "write it into a file with -o FILE"};
    }
    if (count > 1)
      return Error{ErrorKind::usage, "standard output takes one picture", "name a file with -o"};
    if (json || options.upload) {
      return Error{ErrorKind::usage,
                   std::string("-o - and --") + (json ? "json" : "upload") + " exclude each other",
                   "name a file with -o"};
    }
    return {};
  }
  // Pictures cost money: whether they can be kept is found out before.
  for (int i = 1; i <= count && !options.output.empty(); ++i) {
    const auto name = count > 1 ? numbered_name(options.output, i) : options.output;
    const auto tried = OutputFile::open(name, options.force ? Existing::replace : Existing::refuse);
    if (!tried) return tried.error();
  }
  return {};
}

Result<UploadPlace> upload_place(const ImageOptions& options, const config::Config& config,
                                 bool is_direct) {
  if (!options.upload) return UploadPlace::none;
  const auto& upload = config.images.upload;
  if (upload == "none") {
    return Error{ErrorKind::usage, "images.upload is none: there is nowhere to upload to",
                 "name a host with 'images.upload'"};
  }
  if (upload != "self") return UploadPlace::host;
  if (!is_direct) return UploadPlace::daemon;
  return Error{ErrorKind::usage, "images.upload is self: only a daemon can keep the pictures",
               "go through one with --via URL, or name a host with 'images.upload'"};
}

Result<void> write_picture(const std::string& path, Existing existing, std::string_view bytes) {
  auto file = OutputFile::open(path, existing);
  if (!file) return std::move(file).error();
  if (auto written = file->write(bytes); !written) return written;
  return file->finish();
}

/// Puts pictures where they belong and tells of them in their order.
class Gallery {
 public:
  Gallery(const Context& context, const ImageOptions& options, int count)
      : context_(context),
        options_(options),
        count_(count),
        shows_(!context.json && !context.quiet && ::isatty(STDOUT_FILENO) == 1) {}

  void take(std::size_t number, Result<MadeImage> image) {
    if (!image) {
      settle(number, std::move(image).error());
      return;
    }
    auto placed = place(number, *image);
    if (placed && shows_) to_show_[number] = std::move(image->bytes);
    settle(number, std::move(placed));
  }

  const std::optional<Error>& failure() const { return failure_; }
  std::size_t failures() const { return failures_; }
  std::size_t placed() const { return placed_.size(); }

  Json json() const {
    Json list = Json::array();
    for (const auto& [number, one] : placed_) {
      Json entry = Json::object();
      if (!one.path.empty()) entry["path"] = one.path;
      if (!one.url.empty()) entry["url"] = one.url;
      entry["mime_type"] = one.media_type;
      list.push_back(std::move(entry));
    }
    return {{"images", std::move(list)}};
  }

 private:
  Result<Placed> place(std::size_t number, const MadeImage& image) {
    Placed placed{"", image.url, image.media_type};
    if (options_.upload && image.url.empty())
      return Error{ErrorKind::upstream, "the daemon could not keep the picture", ""};
    if (options_.output.empty()) return placed;
    if (options_.to_stdout()) {
      auto out = OutputFile::standard_output();
      if (auto written = out.write(image.bytes); !written) return std::move(written).error();
      return placed;
    }
    auto saved = save(number, image);
    if (!saved) return std::move(saved).error();
    placed.path = *std::move(saved);
    return placed;
  }

  Result<std::string> save(std::size_t number, const MadeImage& image) const {
    const auto wanted =
        count_ > 1 ? numbered_name(options_.output, static_cast<int>(number) + 1) : options_.output;
    auto path = name_for_type(wanted, image.media_type);
    const auto existing = options_.force ? Existing::replace : Existing::refuse;
    auto written = write_picture(path, existing, image.bytes);
    // It has been paid for: when its name has been taken since, another is found.
    for (int i = 2; !written && written.error().kind == ErrorKind::usage && i < 100; ++i) {
      path = numbered_name(name_for_type(wanted, image.media_type), i);
      written = write_picture(path, existing, image.bytes);
    }
    if (!written) return std::move(written).error();
    if (path != wanted && !context_.quiet) {
      std::fprintf(stderr, "gembal: the model made %s: written as '%s'\n", image.media_type.c_str(),
                   path.c_str());
    }
    return path;
  }

  void settle(std::size_t number, Result<Placed> placed) {
    if (placed) {
      placed_[number] = *std::move(placed);
    } else {
      ++failures_;
      if (!failure_) failure_ = std::move(placed).error();
    }
    settled_[number] = true;
    while (settled_.contains(printed_)) print_next();
  }

  void print_next() {
    const auto number = printed_++;
    const auto found = placed_.find(number);
    if (found == placed_.end() || context_.json || options_.to_stdout()) return;
    for (const auto* text : {&found->second.path, &found->second.url}) {
      if (!text->empty()) print(*text + "\n");
    }
    if (!shows_) return;
    print(picture_sequence(picture_protocol(config::process_environment()),
                           found->second.media_type, to_show_[number]));
    to_show_.erase(number);
  }

  const Context& context_;
  const ImageOptions& options_;
  const int count_;
  const bool shows_;
  std::map<std::size_t, Placed> placed_;
  std::map<std::size_t, bool> settled_;
  std::map<std::size_t, std::string> to_show_;  ///< bytes of pictures, until it is their turn
  std::size_t printed_ = 0;
  std::size_t failures_ = 0;
  std::optional<Error> failure_;
};

Result<std::vector<std::string>> read_inputs(const ImageOptions& options) {
  std::vector<std::string> files;
  for (const auto& path : options.inputs) {
    auto file = path == "-" ? read_input() : read_file(path);
    if (!file) return std::move(file).error();
    files.push_back(*std::move(file));
  }
  return files;
}

Result<int> image(Context& context, const ImageOptions& options) {
  const auto loaded = context.load();
  if (!loaded) return loaded.error();
  const auto prompt = prompt_from(options);
  if (!prompt) return prompt.error();
  const auto files = read_inputs(options);
  if (!files) return files.error();
  const auto call = call_from(options, *prompt, *files, loaded->config.models.rules);
  if (!call) return call.error();
  if (auto fits = check_output(options, call->count, context.json); !fits)
    return std::move(fits).error();
  auto opened = ApiAccess::open(context, *loaded, options.via);
  if (!opened) return std::move(opened).error();
  ApiAccess& api = **opened;
  const auto place = upload_place(options, loaded->config, !api.is_via());
  if (!place) return place.error();
  if (!context.quiet) {
    for (const auto& warning : call->warnings)
      std::fprintf(stderr, "gembal: %s\n", warning.c_str());
  }

  Progress progress(shows_progress(context.quiet), call->count > 1 ? "pictures" : "picture",
                    static_cast<std::uint64_t>(call->count));
  Gallery gallery(context, options, call->count);
  std::uint64_t done = 0;
  ImageMaking making(api, *call, loaded->config, {*place, !options.output.empty(), !api.is_via()},
                     [&](std::size_t number, Result<MadeImage> made) {
                       progress.clear();
                       gallery.take(number, std::move(made));
                       progress.show(++done);
                     });
  progress.show(0);
  const auto run = [&making]() -> async::Task<bool> {
    co_await making.run();
    co_return true;
  };
  api.run(run());
  progress.clear();

  if (context.json && gallery.placed() > 0) print(to_text(gallery.json()) + "\n");
  if (!gallery.failure()) return 0;
  if (api.interrupt().raised()) return Error{ErrorKind::cancelled, "interrupted", ""};
  Error failure = *gallery.failure();
  if (failure.kind == ErrorKind::io && failure.message.empty()) return 0;
  if (gallery.placed() > 0) {
    failure.message = std::to_string(gallery.failures()) + " of " + std::to_string(call->count) +
                      " pictures could not be made: " + failure.message;
  }
  return failure;
}

}  // namespace

void add_image_command(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<ImageOptions>();
  auto* command = app.add_subcommand("image", "Make pictures, or edit them");
  command->add_option("prompt", options->words, "What to show, or to change; '-': standard input")
      ->type_name("PROMPT");
  command->add_option("-o,--output", options->output, "Write there; '-': standard output")
      ->type_name("FILE");
  command->add_option("-n,--count", options->count, "How many (1)")
      ->check(CLI::Range(1, openai::kMostPictures))
      ->type_name("N");
  command->add_option("-i,--input", options->inputs, "A picture to edit; may be repeated")
      ->type_name("FILE")
      ->allow_extra_args(false);
  command->add_option("--aspect", options->aspect, "Shape, as in 16:9")->type_name("W:H");
  command->add_option("--size", options->size, "512, 1K, 2K, 4K, or as in 1536x1024")
      ->type_name("SIZE");
  command->add_option("-m,--model", options->model, "Model (images.model)")->type_name("MODEL");
  command->add_flag("--upload", options->upload, "Print an address, of the host in images.upload");
  command->add_flag("--force", options->force, "Replace files that are there");
  add_via_options(*command, options->via);
  command->footer(
      "\nExamples:\n"
      "  gembal image 'a siamese cat' -o cat.png\n"
      "  gembal image 'a harbour at dawn' -o harbour.png -n 3 --aspect 16:9 --size 2K\n"
      "  gembal image 'make the sky green' -i harbour-1.png -o green.png\n"
      "  gembal image 'an icon of a fox' -o - | convert - -resize 64x64 fox.ico\n"
      "  gembal image 'a map of Rome' --upload --via http://server:8000\n");
  command->callback([&chosen, options] {
    chosen = [options](Context& context) { return image(context, *options); };
  });
}

}  // namespace gembal::cmd
