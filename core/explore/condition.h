#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "emu/result.h"

namespace fiberscope::core::explore {

/// A question about final values: `x==2 && (y<3 || !(z==x+1))`, and in the words of litmus tests `0:rax=0 /\ ~(x=1)`.
class Condition {
 public:
  /// Gives the place of a name among the values that evaluate() will get; nothing for an unknown one.
  using Resolver = std::function<std::optional<std::size_t>(const std::string&)>;
  /// `what` names the text in messages. Fails with the column for bad syntax, with the known names for unknown ones.
  static emu::Result<Condition> parse(std::string_view text, const std::string& what, const Resolver& resolve,
                                      std::span<const std::string> known);

  [[nodiscard]] bool holds(std::span<const std::int64_t> values) const { return evaluate(*root_, values) != 0; }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  friend class ConditionParser;
  enum class Op : std::uint8_t {
    number,
    name,
    negate,
    invert,
    add,
    subtract,
    multiply,
    equal,
    unequal,
    less,
    at_most,
    more,
    at_least,
    both,
    either
  };
  struct Node {
    Op op = Op::number;
    std::int64_t number = 0;
    std::size_t place = 0;
    std::shared_ptr<const Node> left;
    std::shared_ptr<const Node> right;
  };
  static std::int64_t evaluate(const Node& node, std::span<const std::int64_t> values);

  std::string text_;
  std::shared_ptr<const Node> root_;
};

/// The names that a condition uses, without resolving them: "x", "0:rax".
emu::Result<std::vector<std::string>> names_in_condition(std::string_view text, const std::string& what);

}  // namespace fiberscope::core::explore
