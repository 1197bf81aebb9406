#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "cmd/embed_held.hpp"
#include "cmd/embed_run.hpp"
#include "lib/gemini/called_model.hpp"
#include "lib/gemini/model_name.hpp"

namespace gembal::cmd {
namespace {

struct EmbedOptions {
  std::vector<std::string> texts;
  std::vector<std::string> files;
  std::string model;
  std::optional<int> dimensions;
  std::string task_type;
  std::string format;
  int jobs = 16;
  std::string output;  ///< "" or "-": standard output
  bool resume = false;
  bool force = false;
  Via via;

  bool writes_file() const { return !output.empty() && output != "-"; }
};

/// The texts of the command line, "-" and the files, in this order; standard input when it is all
/// there is.
Result<std::vector<EmbedSource>> sources_of(const EmbedOptions& options) {
  std::vector<EmbedSource> sources;
  for (const auto& text : options.texts) {
    if (text == "-") {
      sources.push_back({{}, "-"});
      continue;
    }
    if (text.empty()) return Error{ErrorKind::usage, "one of the texts is empty", ""};
    if (sources.empty() || !sources.back().path.empty()) sources.emplace_back();
    sources.back().texts.push_back(text);
  }
  for (const auto& file : options.files) sources.push_back({{}, file});
  if (!sources.empty()) return sources;
  if (::isatty(STDIN_FILENO) == 1) {
    return Error{ErrorKind::usage, "there is nothing to embed",
                 "give texts, a --file, or pipe lines in"};
  }
  sources.push_back({{}, "-"});
  return sources;
}

Result<EmbedFormat> format_of(const EmbedOptions& options, bool json) {
  if (!options.format.empty()) {
    const auto format = embed_format(options.format);
    if (!format) {
      return Error{ErrorKind::usage, "'" + options.format + "' is no format",
                   "they are jsonl, json, csv, npy and base64"};
    }
    return *format;
  }
  if (json) return EmbedFormat::jsonl;
  return embed_format_of(options.output).value_or(EmbedFormat::jsonl);
}

Result<EmbedWish> wish_of(const EmbedOptions& options, const config::Loaded& loaded, bool is_direct,
                          bool json) {
  EmbedWish wish;
  const auto& models = loaded.config.models;
  wish.model = gemini::bare_model(options.model.empty() ? models.embedding : options.model);
  if (is_direct) {
    const auto called = gemini::read_called_model(wish.model, models.rules);
    if (!called) return Error{ErrorKind::usage, called.error().message, called.error().hint};
    wish.model = called->model;
  }
  if (!gemini::is_valid_model(wish.model))
    return Error{ErrorKind::usage, "'" + wish.model + "' is no name of a model", ""};
  const auto format = format_of(options, json);
  if (!format) return format.error();
  wish.format = *format;
  wish.dimensions = options.dimensions;
  wish.task_type = options.task_type;
  wish.jobs = static_cast<std::size_t>(options.jobs);
  return wish;
}

Result<void> check_resume(const EmbedOptions& options, EmbedFormat format) {
  if (!options.resume) return {};
  if (!options.writes_file()) {
    return Error{ErrorKind::usage, "--resume needs a file", "name it with -o FILE"};
  }
  if (options.force) return Error{ErrorKind::usage, "--resume and --force exclude each other", ""};
  if (!can_resume(format)) {
    return Error{ErrorKind::usage, "only jsonl and csv can be gone on with",
                 "convert them when all is there"};
  }
  return {};
}

Result<OutputFile> open_output(const EmbedOptions& options, EmbedFormat format) {
  if (options.writes_file()) {
    auto file = OutputFile::open(options.output, options.resume  ? Existing::extend
                                                 : options.force ? Existing::replace
                                                                 : Existing::refuse);
    if (!file && file.error().hint == "--force replaces it" && can_resume(format))
      file.error().hint = "--resume goes on with it, --force replaces it";
    return file;
  }
  if (format != EmbedFormat::npy) return OutputFile::standard_output();
  if (::isatty(STDOUT_FILENO) == 1) {
    return Error{ErrorKind::usage, "npy is not for a terminal", "write it into a file with -o"};
  }
  return OutputFile::spooled_standard_output();
}

/// What the command comes to, once nothing is written any more.
Result<int> conclude(const EmbedOptions& options, EmbedFormat format, EmbedTally tally,
                     EmbedWriter& writer, bool interrupted, std::optional<std::uint64_t> wanted) {
  if (tally.broken) {
    if (tally.broken->kind == ErrorKind::io && tally.broken->message.empty()) return 0;
    return *std::move(tally.broken);
  }
  if (interrupted) {
    return Error{ErrorKind::cancelled, "interrupted",
                 options.resume ? "the same command goes on from here" : ""};
  }
  auto failure = tally.stopped ? tally.stopped : tally.failure;
  if (failure && tally.done == 0) return *std::move(failure);
  if (auto finished = writer.finish(); !finished) {
    if (finished.error().message.empty()) return 0;
    return std::move(finished).error();
  }
  if (!failure) return 0;
  if (tally.stopped && !wanted) {
    failure->message =
        "only " + with_commas(tally.done) + " texts have a vector: " + failure->message;
  } else {
    const auto all = wanted.value_or(tally.done + tally.failed);
    failure->message = with_commas(all - tally.done) + " of " + with_commas(all) +
                       " texts have no vector: " + failure->message;
  }
  if (options.resume) {
    failure->hint = "the same command asks for them again";
  } else if (options.writes_file() && can_resume(format)) {
    failure->hint = "with --resume, they can be asked for again";
  }
  return *std::move(failure);
}

Result<int> embed(Context& context, const EmbedOptions& options) {
  const auto loaded = context.load();
  if (!loaded) return loaded.error();
  const bool is_direct = options.via.url.empty() && loaded->config.client.url.empty();
  const auto wish = wish_of(options, *loaded, is_direct, context.json);
  if (!wish) return wish.error();
  auto task = embed_task(options.task_type, wish->model);
  if (!task) return std::move(task).error();
  if (auto fits = check_resume(options, wish->format); !fits) return std::move(fits).error();

  auto sources = sources_of(options);
  if (!sources) return std::move(sources).error();
  auto count = count_texts(*sources);
  if (!count) return std::move(count).error();
  if (*count && **count == 0) return Error{ErrorKind::usage, "there is nothing to embed", ""};

  auto opened = ApiAccess::open(context, *loaded, options.via);
  if (!opened) return std::move(opened).error();
  ApiAccess& api = **opened;
  auto file = open_output(options, wish->format);
  if (!file) return std::move(file).error();
  HeldVectors held;
  if (options.resume) {
    auto read = HeldVectors::read(*file, options.output, wish->format);
    if (!read) return std::move(read).error();
    held = *std::move(read);
  }
  std::optional<std::uint64_t> wanted = *count;
  if (wanted) *wanted -= std::min<std::uint64_t>(*wanted, held.count());

  EmbedWriter writer(*std::move(file), wish->format, held.dimensions());
  Progress progress(shows_progress(context.quiet), "texts", wanted);
  EmbedRun run(api, *wish, *std::move(task), writer, progress, context.quiet);
  EmbedFeed::Options feeding;
  feeding.ahead = wish->jobs * 2;
  feeding.changed = [&run] { run.wake(); };
  if (held.count() > 0) feeding.skips = [&held](const EmbedText& text) { return held.has(text); };
  EmbedFeed feed(*std::move(sources), std::move(feeding));
  auto tally = api.run(run.run(feed));
  progress.clear();

  const bool is_interrupted = api.interrupt().raised() && !tally.broken;
  const bool is_whole = feed.is_over() && !tally.broken;
  if (is_whole && feed.texts() == 0)
    return Error{ErrorKind::usage, "there is nothing to embed", ""};
  if (const auto empty = is_whole ? feed.empty_lines() : 0; empty > 0 && !context.quiet) {
    std::fprintf(stderr, "gembal: %s empty line%s passed over\n", with_commas(empty).c_str(),
                 empty == 1 ? " was" : "s were");
  }
  return conclude(options, wish->format, std::move(tally), writer, is_interrupted, wanted);
}

}  // namespace

void add_embed_command(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<EmbedOptions>();
  auto* command = app.add_subcommand("embed", "Turn texts into vectors, a line each");
  command->add_option("text", options->texts, "Texts; '-' or none: the lines of standard input")
      ->type_name("TEXT");
  command->add_option("--file", options->files, "Embed the lines of a file, or its JSONL")
      ->type_name("FILE")
      ->allow_extra_args(false);
  command->add_option("-m,--model", options->model, "Model (models.embedding)")->type_name("MODEL");
  command->add_option("--dimensions", options->dimensions, "Numbers in a vector (3072)")
      ->check(CLI::Range(1, 100'000))
      ->type_name("N");
  command->add_option("--task-type", options->task_type, "What for: retrieval-query, clustering…")
      ->type_name("TYPE");
  command
      ->add_option("--format", options->format,
                   "jsonl, json, csv, npy or base64; else as -o ends, else jsonl")
      ->type_name("FORMAT");
  command->add_option("--jobs", options->jobs, "Batches to ask for side by side (16)")
      ->check(CLI::Range(1, 256))
      ->type_name("N");
  command->add_option("-o,--output", options->output, "Write into a file")->type_name("FILE");
  command->add_flag("--resume", options->resume, "Go on with what -o holds already (jsonl, csv)");
  command->add_flag("--force", options->force, "Replace the file of -o");
  add_via_options(*command, options->via);
  command->footer(
      "\nExamples:\n"
      "  gembal embed 'a cat' 'a dog'\n"
      "  gembal embed < lines.txt > vectors.jsonl\n"
      "  gembal embed --file lines.txt -o vectors.npy --dimensions 768\n"
      "  gembal embed --file big.jsonl -o vectors.jsonl --resume   after an interruption, too\n"
      "  gembal embed --task-type retrieval-query 'where do cats sleep?'\n");
  command->callback([&chosen, options] {
    chosen = [options](Context& context) { return embed(context, *options); };
  });
}

}  // namespace gembal::cmd
