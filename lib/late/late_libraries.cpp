// Some libraries are loaded when one of their functions is first called, and not when gembal
// starts: what they bring along was most of the time that a command took to begin. Their functions
// stand here under their own names, in the manner of the linker's own table of procedures: each
// jumps to where its slot says, and a slot leads to finding the function until it was found. Who
// calls them includes their headers and nothing else. cmake/LateLibraries.cmake says which
// libraries, and writes late_functions.inc, a line for each library and for each of their functions
// that is used.
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>

namespace {

constexpr const char* kLibraries[] = {
#define GEMBAL_LIBRARY(name) name,
#define GEMBAL_FUNCTION(library, index, name)
#include "late_functions.inc"
#undef GEMBAL_LIBRARY
#undef GEMBAL_FUNCTION
};

struct Function {
  unsigned library;
  const char* name;
};

constexpr Function kFunctions[] = {
#define GEMBAL_LIBRARY(name)
#define GEMBAL_FUNCTION(library, index, name) {library, #name},
#include "late_functions.inc"
#undef GEMBAL_FUNCTION
};

[[noreturn]] void give_up() {
  std::fprintf(stderr, "gembal: a library cannot be loaded: %s\n", ::dlerror());
  std::_Exit(127);  // as the loader ends a program whose library is missing
}

}  // namespace

extern "C" {

/// Where each function is, or the code that finds it.
extern __attribute__((visibility("hidden"))) void* gembal_late_slots[];

/// Finds a function and remembers where it is. Thread-safe: two that do it at once find the same.
/// Ends the process when the library or the function is missing.
__attribute__((visibility("hidden"), used)) void* gembal_late_find(unsigned long index) {
  const auto& function = kFunctions[index];
  void* library = ::dlopen(kLibraries[function.library], RTLD_NOW | RTLD_LOCAL);
  if (!library) give_up();
  void* address = ::dlsym(library, function.name);
  if (!address) give_up();
  __atomic_store_n(&gembal_late_slots[index], address, __ATOMIC_RELEASE);
  return address;
}
}

// A function with any number of arguments can only be passed on by a jump that leaves all of them
// where they are: those in registers are put aside while the function is looked for. One statement,
// so that the slots stay in their order.
// clang-format off
#if defined(__x86_64__)
#define GEMBAL_POINTER ".quad"
#define GEMBAL_JUMP(index)                        \
  "  jmp *gembal_late_slots+8*" #index "(%rip)\n" \
  ".Llate_" #index ":\n"                          \
  "  push $" #index "\n"                          \
  "  jmp .Llate_find\n"
// %al says how many vector registers a call with any number of arguments uses.
#define GEMBAL_FIND                    \
  ".Llate_find:\n"                     \
  "  push %rdi\n  push %rsi\n"         \
  "  push %rdx\n  push %rcx\n"         \
  "  push %r8\n  push %r9\n"           \
  "  push %rax\n"                      \
  "  sub $136, %rsp\n"                 \
  "  movaps %xmm0, (%rsp)\n"           \
  "  movaps %xmm1, 16(%rsp)\n"         \
  "  movaps %xmm2, 32(%rsp)\n"         \
  "  movaps %xmm3, 48(%rsp)\n"         \
  "  movaps %xmm4, 64(%rsp)\n"         \
  "  movaps %xmm5, 80(%rsp)\n"         \
  "  movaps %xmm6, 96(%rsp)\n"         \
  "  movaps %xmm7, 112(%rsp)\n"        \
  "  mov 192(%rsp), %rdi\n"            \
  "  call gembal_late_find\n"          \
  "  mov %rax, %r11\n"                 \
  "  movaps (%rsp), %xmm0\n"           \
  "  movaps 16(%rsp), %xmm1\n"         \
  "  movaps 32(%rsp), %xmm2\n"         \
  "  movaps 48(%rsp), %xmm3\n"         \
  "  movaps 64(%rsp), %xmm4\n"         \
  "  movaps 80(%rsp), %xmm5\n"         \
  "  movaps 96(%rsp), %xmm6\n"         \
  "  movaps 112(%rsp), %xmm7\n"        \
  "  add $136, %rsp\n"                 \
  "  pop %rax\n"                       \
  "  pop %r9\n  pop %r8\n"             \
  "  pop %rcx\n  pop %rdx\n"           \
  "  pop %rsi\n  pop %rdi\n"           \
  "  add $8, %rsp\n"                   \
  "  jmp *%r11\n"
#elif defined(__aarch64__)
#define GEMBAL_POINTER ".xword"
#define GEMBAL_JUMP(index)                                    \
  "  adrp x16, gembal_late_slots+8*" #index "\n"              \
  "  ldr x16, [x16, #:lo12:gembal_late_slots+8*" #index "]\n" \
  "  br x16\n"                                                \
  ".Llate_" #index ":\n"                                      \
  "  mov w16, #" #index "\n"                                  \
  "  b .Llate_find\n"
// x8 is where a result goes that does not fit into registers.
#define GEMBAL_FIND                    \
  ".Llate_find:\n"                     \
  "  stp x29, x30, [sp, #-224]!\n"     \
  "  mov x29, sp\n"                    \
  "  stp x0, x1, [sp, #16]\n"          \
  "  stp x2, x3, [sp, #32]\n"          \
  "  stp x4, x5, [sp, #48]\n"          \
  "  stp x6, x7, [sp, #64]\n"          \
  "  str x8, [sp, #80]\n"              \
  "  stp q0, q1, [sp, #96]\n"          \
  "  stp q2, q3, [sp, #128]\n"         \
  "  stp q4, q5, [sp, #160]\n"         \
  "  stp q6, q7, [sp, #192]\n"         \
  "  mov w0, w16\n"                    \
  "  bl gembal_late_find\n"            \
  "  mov x16, x0\n"                    \
  "  ldp x0, x1, [sp, #16]\n"          \
  "  ldp x2, x3, [sp, #32]\n"          \
  "  ldp x4, x5, [sp, #48]\n"          \
  "  ldp x6, x7, [sp, #64]\n"          \
  "  ldr x8, [sp, #80]\n"              \
  "  ldp q0, q1, [sp, #96]\n"          \
  "  ldp q2, q3, [sp, #128]\n"         \
  "  ldp q4, q5, [sp, #160]\n"         \
  "  ldp q6, q7, [sp, #192]\n"         \
  "  ldp x29, x30, [sp], #224\n"       \
  "  br x16\n"
#else
#error "say how this processor jumps, or configure with -DGEMBAL_LATE_LIBRARIES=OFF"
#endif

#define GEMBAL_LIBRARY(name)

asm(
    ".pushsection .data\n"
    "  .balign 8\n"
    "  .globl gembal_late_slots\n"
    "  .hidden gembal_late_slots\n"
    "gembal_late_slots:\n"
#define GEMBAL_FUNCTION(library, index, name) "  " GEMBAL_POINTER " .Llate_" #index "\n"
#include "late_functions.inc"
#undef GEMBAL_FUNCTION
    ".popsection\n"
    ".pushsection .text\n"
#define GEMBAL_FUNCTION(library, index, name) \
    "  .balign 16\n"                          \
    "  .globl " #name "\n"                    \
    "  .hidden " #name "\n"                   \
    "  .type " #name ", %function\n"          \
    #name ":\n"                               \
    GEMBAL_JUMP(index)                        \
    "  .size " #name ", .-" #name "\n"
#include "late_functions.inc"
    "  .balign 16\n"
    GEMBAL_FIND
    ".popsection\n");
// clang-format on
