// libcurl brings two dozen libraries along that nothing else needs, and loading them was a third of
// what a command took to start: it is loaded when the first of its functions is needed. Those that
// are used stand here under their own names, so that who calls them includes curl.h and nothing
// else, and jump to the library's. What is missing here, the linker misses.
#include "lib/http/late_curl.hpp"

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <iterator>

// clang-format off
#define GEMBAL_CURL_FUNCTIONS(each)   \
  each(0, curl_easy_cleanup)        \
  each(1, curl_easy_getinfo)        \
  each(2, curl_easy_init)           \
  each(3, curl_easy_pause)          \
  each(4, curl_easy_setopt)         \
  each(5, curl_easy_strerror)       \
  each(6, curl_free)                \
  each(7, curl_global_init)         \
  each(8, curl_multi_add_handle)    \
  each(9, curl_multi_cleanup)       \
  each(10, curl_multi_info_read)    \
  each(11, curl_multi_init)         \
  each(12, curl_multi_remove_handle)\
  each(13, curl_multi_setopt)       \
  each(14, curl_multi_socket_action)\
  each(15, curl_slist_append)       \
  each(16, curl_slist_free_all)     \
  each(17, curl_url)                \
  each(18, curl_url_cleanup)        \
  each(19, curl_url_get)            \
  each(20, curl_url_set)
// clang-format on

namespace {

#define GEMBAL_NAME(index, name) #name,
constexpr const char* kNames[] = {GEMBAL_CURL_FUNCTIONS(GEMBAL_NAME)};

}  // namespace

/// Where they are, in the order of their names.
extern "C" __attribute__((visibility("hidden"))) void* gembal_curl_functions[std::size(kNames)];
void* gembal_curl_functions[std::size(kNames)] = {};

// A function that takes any number of arguments can only be passed on with a jump.
// clang-format off
#if defined(__x86_64__)
#define GEMBAL_JUMP(index)                               \
  "  jmp *gembal_curl_functions+8*" #index "(%rip)\n"
#elif defined(__aarch64__)
#define GEMBAL_JUMP(index)                                         \
  "  adrp x16, gembal_curl_functions+8*" #index "\n"               \
  "  ldr x16, [x16, #:lo12:gembal_curl_functions+8*" #index "]\n"  \
  "  br x16\n"
#else
#error "say how this processor jumps to what a table holds"
#endif
#define GEMBAL_FORWARD(index, name)    \
  asm(".pushsection .text\n"           \
      "  .balign 16\n"                 \
      "  .globl " #name "\n"           \
      "  .hidden " #name "\n"          \
      "  .type " #name ", %function\n" \
      #name ":\n"                      \
      GEMBAL_JUMP(index)               \
      "  .size " #name ", .-" #name "\n" \
      ".popsection\n");
// clang-format on
GEMBAL_CURL_FUNCTIONS(GEMBAL_FORWARD)

namespace gembal::http {
namespace {

[[noreturn]] void give_up() {
  std::fprintf(stderr, "gembal: libcurl cannot be loaded: %s\n", ::dlerror());
  std::_Exit(127);  // as the loader ends a program whose library is missing
}

}  // namespace

void load_curl() {
  static const bool loaded = [] {
    void* library = ::dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (!library) give_up();
    for (std::size_t i = 0; i < std::size(kNames); ++i) {
      gembal_curl_functions[i] = ::dlsym(library, kNames[i]);
      if (!gembal_curl_functions[i]) give_up();
    }
    return true;
  }();
  static_cast<void>(loaded);
}

}  // namespace gembal::http
