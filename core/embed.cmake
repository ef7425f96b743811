# Puts files into a target: fiberscope_embed(TARGET NAME PATH [NAME PATH]…) adds an assembly source that includes the bytes
# of each PATH and ends with the table that core/builtin_files.cpp reads. Changed files are embedded again.
function(fiberscope_embed target)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/builtin_files.S)
  set(data "        .section .rodata\n")
  set(table "")
  set(paths "")
  set(index 0)
  while(ARGN)
    list(POP_FRONT ARGN name path)
    list(APPEND paths ${path})
    string(APPEND data "name_${index}: .asciz \"${name}\"\n        .p2align 4\n"
      "begin_${index}: .incbin \"${path}\"\nend_${index}: .byte 0\n")
    string(APPEND table "        .quad name_${index}, begin_${index}, end_${index}\n")
    math(EXPR index "${index} + 1")
  endwhile()
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT
"/* Made by core/embed.cmake. */
${data}
        .p2align 3
        .globl fiberscope_embedded_file_count
fiberscope_embedded_file_count: .quad ${index}

        .section .data.rel.ro, \"aw\"
        .p2align 3
        .globl fiberscope_embedded_files
fiberscope_embedded_files:
${table}
        .section .note.GNU-stack, \"\", @progbits
")
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS "${paths}")
  target_sources(${target} PRIVATE ${source})
endfunction()
