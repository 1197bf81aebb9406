# embed_files(OUTPUT NAME FILES…): writes OUTPUT, a C++ source that has the files in the program: the table gembal::embedded::NAME
# of embedded_file.hpp. To be written again when a file changes, the files are dependencies of the configuration.
#
# The assembler reads their bytes: an array in C++ takes the compiler seconds and gigabytes, and g++ 12 has no #embed.
function(embed_files output name)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${ARGN})
  set(bytes "")
  set(symbols "")
  set(table "")
  set(index 0)
  foreach(file ${ARGN})
    set(symbol gembal_embedded_${name}_${index})
    cmake_path(GET file FILENAME filename)
    file(SHA256 ${file} hash)
    string(SUBSTRING ${hash} 0 16 hash)
    string(APPEND bytes "  .global ${symbol}, ${symbol}_end\n  .hidden ${symbol}, ${symbol}_end\n"
                        "${symbol}:\n  .incbin \"${file}\"\n${symbol}_end:\n  .byte 0\n")
    string(APPEND symbols "extern const char ${symbol}[], ${symbol}_end[];\n")
    string(APPEND table "    {\"${filename}\", ${symbol}, ${symbol}_end, \"${hash}\"},\n")
    math(EXPR index "${index} + 1")
  endforeach()
  file(CONFIGURE OUTPUT ${output} @ONLY CONTENT "// Written by cmake/EmbedFiles.cmake.
#include \"daemon/web/embedded_file.hpp\"

asm(R\"(
  .pushsection .rodata
${bytes}  .popsection
)\");

extern \"C\" {
${symbols}}

namespace gembal::embedded {

const EmbeddedFile ${name}[] = {
${table}};
const std::size_t ${name}_count = ${index};

}  // namespace gembal::embedded
")
  set_source_files_properties(${output} PROPERTIES OBJECT_DEPENDS "${ARGN}")
endfunction()
