// Linked into a program that is built with ThreadSanitizer.

/// cpp-httplib's library is not built with it: that what it makes once is guarded, is not seen.
extern "C" const char* __tsan_default_suppressions() {
  return "called_from_lib:libcpp-httplib.so\n";
}
