# One static library per layer of DESIGN §3; the include walls are checked by
# scripts/check, the link order below says the same once more.

# barker_def(LIST MACRO FILE DIR): sources DIR/<name>.c named by MACRO(name, ...) rows.
function(barker_def list macro file dir)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${file})
  file(STRINGS ${file} rows REGEX "^${macro}\\(")
  set(found "")
  foreach(row IN LISTS rows)
    string(REGEX REPLACE "^${macro}\\(([a-z0-9_]+).*" "\\1" name "${row}")
    list(APPEND found ${dir}/${name}.c)
  endforeach()
  set(${list} ${found} PARENT_SCOPE)
endfunction()

file(GLOB base_src CONFIGURE_DEPENDS core/base/*.c)
add_library(core_base STATIC ${base_src})
target_link_libraries(core_base PUBLIC barker_flags PRIVATE
    PkgConfig::CJSON PkgConfig::CRYPTO PkgConfig::INIH PkgConfig::UTF8PROC m)

file(GLOB io_src CONFIGURE_DEPENDS core/io/*.c)
add_library(core_io STATIC ${io_src})
target_link_libraries(core_io PUBLIC core_base PRIVATE
    PkgConfig::UV PkgConfig::CURL PkgConfig::HIREDIS PkgConfig::MHD PkgConfig::CRYPTO)

file(GLOB queue_src CONFIGURE_DEPENDS queues/*.c)
file(GLOB queue_lua CONFIGURE_DEPENDS queues/lua/*.lua)
list(REMOVE_ITEM queue_lua ${CMAKE_SOURCE_DIR}/queues/lua/keys.lua)
add_library(queues STATIC ${queue_src})
target_link_libraries(queues PUBLIC core_io)
barker_embed(queues lua_scripts lua_ ${CMAKE_SOURCE_DIR}/queues/lua/keys.lua ${queue_lua})

barker_def(kind_src KIND campaigns/kinds.def campaigns/kinds)
barker_def(policy_src POLICY campaigns/policies.def campaigns/ranking/policies)
barker_def(format_src FORMAT campaigns/formats.def campaigns/formats)
file(GLOB campaign_src CONFIGURE_DEPENDS campaigns/*.c campaigns/kinds/*/*.c campaigns/checks/*.c
    campaigns/ranking/*.c campaigns/prompts/*.c campaigns/formats/format*.c
    campaigns/formats/shopify.c)
file(GLOB campaign_text CONFIGURE_DEPENDS campaigns/prompts/*.txt campaigns/data/*.json)
add_library(campaigns STATIC ${campaign_src} ${kind_src} ${policy_src} ${format_src})
target_link_libraries(campaigns PUBLIC core_base PRIVATE PkgConfig::UTF8PROC m)
barker_embed(campaigns campaign_texts text_ "" ${campaign_text})

barker_def(provider_src PROVIDER workers/providers.def workers/llm/providers)
file(GLOB worker_src CONFIGURE_DEPENDS workers/*.c workers/*/*.c)
list(REMOVE_ITEM worker_src ${CMAKE_SOURCE_DIR}/workers/main.c)
add_library(workers STATIC ${worker_src} ${provider_src})
target_link_libraries(workers PUBLIC campaigns queues)
barker_embed(workers worker_texts text_ "" ${CMAKE_SOURCE_DIR}/workers/llm/data/prices.json)

add_executable(barker workers/main.c)
target_link_libraries(barker PRIVATE workers)
install(TARGETS barker RUNTIME DESTINATION bin)
