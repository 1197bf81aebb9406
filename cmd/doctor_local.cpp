// What doctor finds on this machine.

#include <langinfo.h>
#include <locale.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "cmd/doctor.hpp"
#include "cmd/keys.hpp"
#include "lib/core/text.hpp"

namespace gembal::cmd {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kTooLittle = 1u << 20, kLittle = 100u << 20;  // bytes
constexpr Milliseconds kPatience{2000};

std::string size_text(std::uint64_t bytes) {
  constexpr std::array kUnits = {"KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f %s", value, kUnits[unit]);
  return text.data();
}

std::string octal(mode_t mode) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "%04o", mode & 07777);
  return text.data();
}

/// The nearest folder above a path that exists.
fs::path existing_folder(const std::string& path) {
  std::error_code failed;
  auto folder = fs::absolute(path, failed).parent_path();
  while (!folder.empty() && folder != folder.root_path() && !fs::is_directory(folder, failed))
    folder = folder.parent_path();
  return folder;
}

Finding check_space(const std::string& file) {
  const auto folder = existing_folder(file).string();
  struct statvfs disk {};
  if (::statvfs(folder.c_str(), &disk) != 0)
    return {"space", Health::warn, "the free space of " + folder + " is not known", ""};
  const auto free = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
  Finding finding{"space", Health::ok, size_text(free) + " free in " + folder, ""};
  if (free < kLittle) {
    finding.health = free < kTooLittle ? Health::fail : Health::warn;
    finding.hint = "make room: what is learned of keys cannot be kept on a full disk";
  }
  return finding;
}

Finding check_keys_of(store::KeyStore& store, const config::Config& config) {
  const auto now = std::chrono::system_clock::now();
  const auto keys = store.keys();
  const auto states = keys ? store.model_states(now) : keys.error();
  if (!states) return {"keys", Health::fail, states.error().message, states.error().hint};
  if (keys->empty()) {
    if (!config.client.url.empty())
      return {"keys", Health::ok, "none; those of " + config.client.url + " are used", ""};
    return {"keys", Health::fail, "there are none", "add some: gembal keys add < keys.txt"};
  }
  auto grouped = by_subject(*states);
  std::map<std::string, std::size_t> counts;
  for (const auto& key : *keys) ++counts[status_of(key, grouped[quota_subject(key)])];
  Finding finding{"keys", Health::ok,
                  std::to_string(keys->size()) + (keys->size() == 1 ? " key:" : " keys:"), ""};
  for (const char* status : {"ok", "cooling", "exhausted", "unsupported", "disabled"}) {
    if (counts[status] == 0) continue;
    finding.message += (finding.message.ends_with(':') ? " " : ", ") +
                       std::to_string(counts[status]) + " " + status;
  }
  if (counts["disabled"] > 0) {
    finding.health = counts["disabled"] == keys->size() ? Health::fail : Health::warn;
    finding.hint = "'gembal keys list --status disabled' tells why";
  }
  return finding;
}

/// A store on a server: that has its own ways to watch over space and permissions.
Findings check_database(const config::Config& config, const Finding& permissions) {
  const auto place = store::shown(config.store.url);
  auto store = store::KeyStore::open_existing(config.store.url, kPatience);
  const auto written = !store   ? Result<void>(store.error())
                       : *store ? (*store)->try_to_write()
                                : Result<void>();
  if (!written) {
    return {{"store", Health::fail, written.error().message, written.error().hint},
            {"keys", Health::warn, "not known: the store cannot be used", ""}};
  }
  if (!*store) {
    return {{"store", Health::ok, place + " has no store yet", ""},
            permissions,
            {"keys", config.client.url.empty() ? Health::fail : Health::ok, "there are none",
             "add some: gembal keys add < keys.txt"}};
  }
  return {
      {"store", Health::ok, place + ", schema " + std::to_string(store::KeyStore::schema()), ""},
      permissions,
      check_keys_of(**store, config)};
}

}  // namespace

Finding check_environment(const config::Loaded& loaded,
                          const std::map<std::string, std::string>& environment) {
  std::vector<std::string> ours;
  for (const auto& setting : config::settings()) ours.push_back(setting.environment_name());
  std::vector<std::string> faults;
  std::string hint;
  for (const auto& [name, value] : environment) {
    if (!name.starts_with("GEMBAL_") || config::setting_of_variable(name)) continue;
    faults.push_back(name + " is no setting");
    if (const auto near = nearest(name, ours)) hint = "did you mean " + *near + "?";
  }
  for (const auto& variable : loaded.ignored)
    faults.push_back(variable.name + " has no effect: " + variable.why);
  if (faults.empty()) return {"environment", Health::ok, "every variable is understood", ""};
  return {"environment", Health::warn, join(faults, "; "),
          hint.empty() ? "take them out of the environment" : hint};
}

Finding check_permissions(const config::Config& config) {
  if (!config.store.url.is_file())
    return {"permissions", Health::ok, "the server says who may use the store", ""};
  const auto& file = config.store.url.file;
  const auto folder = existing_folder(file).string();
  struct stat of_file {
  }, of_folder{};
  const bool is_there = ::stat(file.c_str(), &of_file) == 0;
  ::stat(folder.c_str(), &of_folder);
  if (is_there && (of_file.st_mode & 077) != 0) {
    return {"permissions", Health::warn,
            "others may use the store: its permissions were " + octal(of_file.st_mode),
            "gembal makes them 0600; should others have read it, replace the keys"};
  }
  if (is_there && (of_folder.st_mode & 077) != 0) {
    return {"permissions", Health::warn,
            "others may look into " + folder + ": its permissions are " + octal(of_folder.st_mode),
            "chmod 700 " + folder};
  }
  return {"permissions", Health::ok, "only you may use the store", ""};
}

Findings check_store(const config::Config& config, const Finding& permissions) {
  if (!config.store.url.is_file()) return check_database(config, permissions);
  const auto& file = config.store.url.file;
  Findings findings;
  const auto unknown = [&](const std::string& why) {
    return Finding{"keys", Health::warn, "not known: " + why, ""};
  };
  std::error_code failed;
  if (!fs::exists(file, failed)) {
    const auto folder = existing_folder(file);
    if (::access(folder.c_str(), W_OK) != 0) {
      findings.push_back({"store", Health::fail, file + " cannot be made in " + folder.string(),
                          "choose another with --store or store.url"});
    } else {
      findings.push_back({"store", Health::ok, file + " does not exist yet", ""});
    }
    findings.push_back(permissions);
    findings.push_back(check_space(file));
    findings.push_back(config.client.url.empty()
                           ? Finding{"keys", Health::fail, "there are none",
                                     "add some: gembal keys add < keys.txt"}
                           : unknown("those of " + config.client.url + " are used"));
    return findings;
  }
  auto store = store::KeyStore::open(config.store.url, kPatience);
  const auto written = store ? store->try_to_write() : Result<void>(store.error());
  if (written) {
    findings.push_back({"store", Health::ok,
                        file + ", " + size_text(fs::file_size(file, failed)) + ", schema " +
                            std::to_string(store::KeyStore::schema()),
                        ""});
  } else {
    findings.push_back({"store", Health::fail, written.error().message, written.error().hint});
  }
  findings.push_back(permissions);
  findings.push_back(check_space(file));
  findings.push_back(store ? check_keys_of(*store, config) : unknown("the store cannot be opened"));
  return findings;
}

Finding check_terminal() {
  const auto locale = ::newlocale(LC_CTYPE_MASK, "", nullptr);
  if (!locale) {
    return {"terminal", Health::warn, "the locale of the environment is not installed",
            "export LC_ALL=C.UTF-8"};
  }
  const std::string charset = ::nl_langinfo_l(CODESET, locale);
  ::freelocale(locale);
  if (charset == "UTF-8") return {"terminal", Health::ok, "writes UTF-8", ""};
  return {"terminal", Health::warn, "writes " + charset + ": other letters come out wrong",
          "export LC_ALL=C.UTF-8"};
}

}  // namespace gembal::cmd
