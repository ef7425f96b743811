#pragma once
#include <string>
#include <string_view>

namespace fiberscope::emu {

/// A symbol's name as people read it: a mangled C++ name taken apart ("shop::Till::add(int const&)"), any other as it
/// is. The symbol table and whoever looks a name up there keep the name as it stands in the image.
std::string shown_name(std::string_view symbol);

/// The same for a narrow place: the function alone, without namespaces, parameters and result, template arguments as
/// "…". What stands behind a "+" at the end of the text stays.
std::string short_name(std::string_view shown);

}  // namespace fiberscope::emu
