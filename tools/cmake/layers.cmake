# add_isa_variants(<layer folder>): the layer's *_isa.cc, hot loops, each compiled once per instruction
# set into namespace viv::baseline, viv::avx2, viv::avx512 or viv::avx512bf16 (the macro VIV_ISA); the
# machine's is chosen at run time.
function(add_isa_variants folder)
  string(REPLACE "/" "_" name ${folder})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*_isa.cc)
  if(NOT sources)
    return()
  endif()
  set(flags_baseline "")
  set(flags_avx2 -mavx2 -mfma -mf16c)
  set(flags_avx512 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mf16c
      -mprefer-vector-width=512)
  set(flags_avx512bf16 ${flags_avx512} -mavx512bf16 -mavx512vnni)
  set(variants baseline)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    list(APPEND variants avx2 avx512 avx512bf16)
  endif()
  foreach(isa ${variants})
    add_library(${name}_${isa} OBJECT ${sources})
    target_compile_definitions(${name}_${isa} PRIVATE VIV_ISA=${isa})
    target_compile_options(${name}_${isa} PRIVATE -O3 ${flags_${isa}})
    target_include_directories(${name}_${isa} PRIVATE
      $<TARGET_PROPERTY:${name},INTERFACE_INCLUDE_DIRECTORIES>)
    target_link_libraries(${name}_${isa} PRIVATE $<TARGET_PROPERTY:${name},VIV_LIBS>)
  endforeach()
endfunction()

# add_layer(<folder> [DEPS <layer target>...] [LIBS <library>...])
#
# Makes an object library of all .cc files below <folder>, named after it (core/graph -> core_graph).
# Its include root is a folder of the build tree that holds one symbolic link, to <folder> itself, so
# a file can include only the layers that its own names in DEPS (and theirs): an include of a higher
# floor does not compile. New files are found without an edit here. A folder that does not exist yet
# is skipped. Of every .proto file, C++ is generated and compiled with the layer (which needs
# protobuf::libprotobuf-lite among its LIBS); only the layer's own .cc files may include it.
function(add_layer folder)
  cmake_parse_arguments(ARG "" "" "DEPS;LIBS" ${ARGN})
  string(REPLACE "/" "_" name ${folder})
  if(NOT IS_DIRECTORY ${CMAKE_SOURCE_DIR}/${folder})
    return()
  endif()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cc)
  list(FILTER sources EXCLUDE REGEX "_(main|isa|plugin)\\.cc$")
  generate_protos(${folder} ${CMAKE_BINARY_DIR}/proto/${name} protos)
  list(APPEND sources ${protos})
  set(root ${CMAKE_BINARY_DIR}/include/${name})
  get_filename_component(parent ${root}/${folder} DIRECTORY)
  file(MAKE_DIRECTORY ${parent})
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${folder} ${root}/${folder} SYMBOLIC)
  if(sources)
    add_library(${name} OBJECT ${sources})
    set(scope PUBLIC)
  else()
    add_library(${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${name} ${scope} ${root})
  if(protos)
    target_include_directories(${name} PRIVATE ${CMAKE_BINARY_DIR}/proto/${name})
  endif()
  foreach(dep ${ARG_DEPS})
    if(TARGET ${dep})
      # Include roots and flags only: object files are put together by add_shared.
      target_include_directories(${name} ${scope} $<TARGET_PROPERTY:${dep},INTERFACE_INCLUDE_DIRECTORIES>)
      get_target_property(inherited ${dep} VIV_LIBS)
      if(inherited)
        list(APPEND ARG_LIBS ${inherited})
      endif()
    endif()
  endforeach()
  list(REMOVE_DUPLICATES ARG_LIBS)
  target_link_libraries(${name} ${scope} ${ARG_LIBS})
  set_target_properties(${name} PROPERTIES VIV_LIBS "${ARG_LIBS}")
endfunction()

# generate_protos(<folder> <root> <variable>): generates <root>/<path>.pb.{h,cc} of every .proto file
# below <folder> and puts the sources into <variable>.
function(generate_protos folder root variable)
  file(GLOB_RECURSE protos CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.proto)
  set(generated "")
  foreach(proto ${protos})
    file(MAKE_DIRECTORY ${root})
    file(RELATIVE_PATH path ${CMAKE_SOURCE_DIR} ${proto})
    string(REGEX REPLACE "\\.proto$" "" stem ${root}/${path})
    add_custom_command(OUTPUT ${stem}.pb.cc ${stem}.pb.h
      COMMAND protobuf::protoc --cpp_out=${root} --proto_path=${CMAKE_SOURCE_DIR} ${proto}
      DEPENDS ${proto} VERBATIM)
    list(APPEND generated ${stem}.pb.cc)
  endforeach()
  set(${variable} ${generated} PARENT_SCOPE)
endfunction()

# add_shared(<name> LAYERS <layer target>... [LIBS <library>...]): a shared library of object layers.
# Shared, because registrations vanish from static archives. It passes on no include roots: who links
# it names the layers that it may see.
function(add_shared name)
  cmake_parse_arguments(ARG "" "" "LAYERS;LIBS" ${ARGN})
  set(objects "")
  foreach(layer ${ARG_LAYERS})
    if(TARGET ${layer})
      get_target_property(type ${layer} TYPE)
      if(type STREQUAL "OBJECT_LIBRARY")
        list(APPEND objects $<TARGET_OBJECTS:${layer}>)
        foreach(isa baseline avx2 avx512 avx512bf16)
          if(TARGET ${layer}_${isa})
            list(APPEND objects $<TARGET_OBJECTS:${layer}_${isa}>)
          endif()
        endforeach()
      endif()
      get_target_property(libs ${layer} VIV_LIBS)
      if(libs)
        list(APPEND ARG_LIBS ${libs})
      endif()
    endif()
  endforeach()
  if(NOT objects)
    add_library(${name} INTERFACE)
    return()
  endif()
  list(REMOVE_DUPLICATES ARG_LIBS)
  add_library(${name} SHARED ${objects})
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE CXX)
  target_link_libraries(${name} PUBLIC ${ARG_LIBS})
  target_link_options(${name} PRIVATE -Wl,--no-undefined)
endfunction()

# add_shared_apps(SEES <layer>...): what programs share, which lies in apps/ itself. A static library: a program gets
# the files that it calls, and of these the flags.
function(add_shared_apps)
  cmake_parse_arguments(ARG "" "" "SEES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/apps/*.cc)
  file(GLOB headers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/apps/*.h)
  add_library(apps_shared STATIC ${sources})
  # The root has no folder of an app.
  set(root ${CMAKE_BINARY_DIR}/include/apps_shared)
  file(MAKE_DIRECTORY ${root}/apps)
  foreach(header ${headers})
    get_filename_component(name ${header} NAME)
    file(CREATE_LINK ${header} ${root}/apps/${name} SYMBOLIC)
  endforeach()
  target_include_directories(apps_shared PUBLIC ${root})
  target_see(apps_shared ${ARG_SEES})
endfunction()

# add_programs(<folder> SEES <layer>... LINKS <library>... [SERVERS_LINK <library>...]): every <name>_main.cc of the folder becomes
# build/bin/<name>, with <name>.html beside it compiled in (see apps/page.h). Libraries are linked whether or not a symbol is used: they register ops.
# Programs named *_serve also link SERVERS_LINK: what others need not load.
function(add_programs folder)
  cmake_parse_arguments(ARG "" "" "SEES;LINKS;SERVERS_LINK" ${ARGN})
  file(GLOB mains CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*_main.cc)
  foreach(main ${mains})
    get_filename_component(program ${main} NAME_WE)
    string(REGEX REPLACE "_main$" "" program ${program})
    add_executable(${program} ${main})
    if(folder MATCHES "^apps/")
      target_link_libraries(${program} PRIVATE apps_shared)
    endif()
    set(page ${CMAKE_SOURCE_DIR}/${folder}/${program}.html)
    if(EXISTS ${page})
      embed_page(${page} ${CMAKE_BINARY_DIR}/pages/${program}.cc)
      target_sources(${program} PRIVATE ${CMAKE_BINARY_DIR}/pages/${program}.cc)
    endif()
    target_see(${program} ${ARG_SEES})
    target_link_options(${program} PRIVATE -Wl,--no-as-needed)
    target_link_libraries(${program} PRIVATE ${ARG_LINKS})
    if(program MATCHES "_serve$")
      target_link_libraries(${program} PRIVATE ${ARG_SERVERS_LINK})
    endif()
  endforeach()
endfunction()

# embed_page(<file> <source>): writes a source file that defines apps/page.h's text. {{name}} in the page stands for the
# file apps/<name>, which pages share.
function(embed_page file source)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} text)
  string(REGEX MATCHALL "{{[a-z_.]+}}" marks "${text}")
  foreach(mark ${marks})
    string(REGEX REPLACE "[{}]" "" name ${mark})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/apps/${name})
    file(READ ${CMAKE_SOURCE_DIR}/apps/${name} shared)
    string(STRIP "${shared}" shared)
    string(REPLACE "${mark}" "${shared}" text "${text}")
  endforeach()
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT [==[
namespace viv {
extern const char kPageHtml[];
const char kPageHtml[] = R"=page=(@text@)=page=";
}  // namespace viv
]==])
endfunction()

# target_see(<target> <layer>...): gives the target the include roots of the layers.
function(target_see target)
  foreach(layer ${ARGN})
    if(TARGET ${layer})
      target_include_directories(${target} PRIVATE
        $<TARGET_PROPERTY:${layer},INTERFACE_INCLUDE_DIRECTORIES>)
    endif()
  endforeach()
endfunction()

# add_plugin(<name> <source> [LIBS <library>...]): a library that is opened at run time, beside the
# others, for what must not be linked with them. The source is named *_plugin.cc.
function(add_plugin name source)
  cmake_parse_arguments(ARG "" "" "LIBS" ${ARGN})
  add_library(${name} MODULE ${source})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_LIBS})
endfunction()
