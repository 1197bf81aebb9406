#include "lib/keypool/key.hpp"

namespace gembal::keypool {

std::string quota_subject(const Key& key) {
  return key.project.empty() ? "k:" + key.id : "p:" + key.project;
}

const char* to_string(ModelStatus status) {
  switch (status) {
    case ModelStatus::cooling: return "cooling";
    case ModelStatus::exhausted: return "exhausted";
    case ModelStatus::unsupported: return "unsupported";
    case ModelStatus::overloaded: return "overloaded";
  }
  return "unknown";
}

}  // namespace gembal::keypool
