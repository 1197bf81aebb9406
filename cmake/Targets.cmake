# Options that every target of ours has, and the functions that declare a module or a test.
add_library(gembal_options INTERFACE)
target_compile_options(gembal_options INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wold-style-cast
                       -Wcast-qual -Wunused -Woverloaded-virtual -Wno-missing-field-initializers
                       $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete  # g++ 12 sees one in every Asio coroutine
                       -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread>)  # and overflows in its own strings
target_include_directories(gembal_options INTERFACE ${CMAKE_SOURCE_DIR})
# The small functions of the C and C++ libraries are called very often: without a jump in between. ARCHITECTURE.md has what that gains.
target_compile_options(gembal_options INTERFACE $<$<CONFIG:Release>:-fno-plt>)
if(GEMBAL_SANITIZER STREQUAL "fuzzer")
  set(sanitizers address,undefined)
  target_compile_options(gembal_options INTERFACE -fsanitize=fuzzer-no-link,${sanitizers} -fno-sanitize=vptr
                         -fno-sanitize-recover=undefined -fno-omit-frame-pointer -D_GLIBCXX_ASSERTIONS)
  target_link_options(gembal_options INTERFACE -fsanitize=${sanitizers})
elseif(GEMBAL_SANITIZER)
  target_compile_options(gembal_options INTERFACE -fsanitize=${GEMBAL_SANITIZER} -fno-omit-frame-pointer)
  target_link_options(gembal_options INTERFACE -fsanitize=${GEMBAL_SANITIZER})
  if(GEMBAL_SANITIZER STREQUAL "thread")
    target_compile_options(gembal_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)  # of a fence in Asio's scheduler
  elseif(GEMBAL_SANITIZER STREQUAL "address")
    target_compile_options(gembal_options INTERFACE -fsanitize=undefined -fno-sanitize=vptr -fno-sanitize-recover=undefined)
    target_link_options(gembal_options INTERFACE -fsanitize=undefined)
  endif()
endif()

# Two precompiled headers, shared by all modules that ask for one: parsing nlohmann/json or Asio takes g++ 12 seconds.
file(WRITE ${CMAKE_BINARY_DIR}/pch.cpp "")
foreach(kind json asio)
  add_library(gembal_pch_${kind} OBJECT ${CMAKE_BINARY_DIR}/pch.cpp)
  target_link_libraries(gembal_pch_${kind} PRIVATE gembal_options asio nlohmann_json::nlohmann_json)
endforeach()
target_precompile_headers(gembal_pch_json PRIVATE <nlohmann/json.hpp> <string> <vector> <optional> <chrono> <functional>
                          <map> <memory> <variant>)
target_precompile_headers(gembal_pch_asio PRIVATE <asio.hpp> <nlohmann/json.hpp> <string> <vector> <optional> <chrono>
                          <functional> <map> <memory> <variant>)

# gembal_module(keypool [PCH json|asio] SOURCES a.cpp ... [LINKS gembal_core ...] [PRIVATE_LINKS ...]): the library gembal_keypool.
function(gembal_module name)
  cmake_parse_arguments(ARG "" "PCH" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  add_library(gembal_${name} STATIC ${ARG_SOURCES})
  set_property(GLOBAL APPEND PROPERTY GEMBAL_MODULES gembal_${name})
  target_link_libraries(gembal_${name} PUBLIC ${ARG_LINKS} PRIVATE gembal_options ${ARG_PRIVATE_LINKS})
  target_include_directories(gembal_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  if(ARG_PCH)
    target_link_libraries(gembal_${name} PUBLIC asio nlohmann_json::nlohmann_json)
    target_precompile_headers(gembal_${name} REUSE_FROM gembal_pch_${ARG_PCH})
  endif()
endfunction()

# gembal_test(keypool_test SOURCES a_test.cpp ... LINKS gembal_keypool ...): one GoogleTest program, registered case by case.
# ON_SERVERS: but for the cases that need a database server ("…/mysql", "…/postgresql"), which share the one that a program starts.
function(gembal_test name)
  cmake_parse_arguments(ARG "ON_SERVERS" "PCH;TIMEOUT" "SOURCES;LINKS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  if(NOT ARG_PCH)
    set(ARG_PCH json)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_compile_options(${name} PRIVATE -Wno-dangling-else  # `if (…) EXPECT_EQ(…);` is clear enough
                         $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)  # nor is what g++ 12 sees in GoogleTest's macros
  target_link_libraries(${name} PRIVATE gembal_options ${ARG_LINKS} asio nlohmann_json::nlohmann_json GTest::gtest_main)
  target_precompile_headers(${name} REUSE_FROM gembal_pch_${ARG_PCH})
  set(discovered)
  if(ARG_ON_SERVERS)
    set(discovered TEST_FILTER "-*/mysql:*/postgresql")
    foreach(server mysql postgresql)
      add_test(NAME ${name}_on_${server} COMMAND ${name} "--gtest_filter=*/${server}")
      set_tests_properties(${name}_on_${server} PROPERTIES TIMEOUT 600)
    endforeach()
  endif()
  gtest_discover_tests(${name} ${discovered} PROPERTIES TIMEOUT ${ARG_TIMEOUT} DISCOVERY_TIMEOUT 60)
endfunction()
