#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "core/code_view.h"
#include "emu/address.h"

namespace fiberscope::app {

/// The name of an item in the registry: "thread 2".
std::string label(std::string_view what, std::uint64_t id);
/// "cell 0000000000601f88"
std::string label(std::string_view what, emu::Address address);
/// Lower-case hexadecimal digits without a prefix or leading zeros ("0" for zero).
std::string hex(std::uint64_t value);
/// At least `digits` digits, with leading zeros.
std::string hex(std::uint64_t value, int digits);
/// "0x401210"
std::string hex_address(emu::Address address);
/// Digits needed to write the value in hexadecimal, at least 1.
int hex_digits(std::uint64_t value);
/// A value of many digits for a narrow place: its first and last ones around "…".
std::string short_hex(std::uint64_t value, int digits);
/// 1234567 -> "1 234 567" in groups of three.
std::string grouped(std::uint64_t number);
/// The letters of the arithmetic and system flags that are set, as "ZF PF IF".
std::string flag_letters(std::uint64_t rflags);
/// Operands as they fit a narrow column: "qword ptr [rbp - 0x18], rax" -> "[rbp-0x18], rax"; the size stays where no
/// register tells it.
std::string compact_operands(std::string_view operands, core::Syntax syntax);
/// "2 steps/s", with the number as short as it may be.
std::string speed_number(double steps_per_second);

}  // namespace fiberscope::app
