#include "core/explore/condition.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>
#include <utility>

#include "core/first_character.h"
#include "core/near_names.h"

namespace fiberscope::core::explore {

namespace {
constexpr int kDeepest = 200;  // parentheses in each other
}

/// Recursive descent; each level of it is a level of precedence.
class ConditionParser {
 public:
  using Node = Condition::Node;
  using Op = Condition::Op;
  using NodePointer = std::shared_ptr<const Node>;

  ConditionParser(std::string_view text, const std::string& what, const Condition::Resolver& resolve,
                  std::span<const std::string> known)
      : text_(text), what_(what), resolve_(resolve), known_(known) {}

  emu::Result<NodePointer> parse() {
    NodePointer root = either();
    skip_blanks();
    if (!error_ && at_ < text_.size())
      fail(fmt::format("expected an operator or the end, not '{}'", first_character(text_.substr(at_))));
    if (error_) return *error_;
    return root;
  }

 private:
  void skip_blanks() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }
  bool take(std::string_view token) {
    skip_blanks();
    if (text_.substr(at_, token.size()) != token) return false;
    at_ += token.size();
    return true;
  }
  void fail(const std::string& cause) {
    if (!error_)
      error_ =
          emu::Error{fmt::format("{}, column {}: {}; write for instance x==2 && y<3, with == != < <= > >= && || ! "
                                 "+ - * ( )",
                                 what_, at_ + 1, cause)};
  }
  static NodePointer make(Op op, NodePointer left, NodePointer right = nullptr) {
    Node node;
    node.op = op;
    node.left = std::move(left);
    node.right = std::move(right);
    return std::make_shared<const Node>(std::move(node));
  }

  NodePointer either() {
    NodePointer left = both();
    while (!error_ && (take("||") || take("\\/"))) left = make(Op::either, left, both());
    return left;
  }
  NodePointer both() {
    NodePointer left = inverted();
    while (!error_ && (take("&&") || take("/\\"))) left = make(Op::both, left, inverted());
    return left;
  }
  NodePointer inverted() {
    if (++depth_ > kDeepest) fail(fmt::format("more than {} parentheses or signs in each other", kDeepest));
    NodePointer node;
    skip_blanks();
    const bool inverts = !error_ && (take("~") || (text_.substr(at_, 2) != "!=" && take("!")));
    node = error_ ? make(Op::number, nullptr) : inverts ? make(Op::invert, inverted()) : compared();
    --depth_;
    return node;
  }
  NodePointer compared() {
    NodePointer left = sum();
    if (error_) return left;
    if (take("==")) return make(Op::equal, left, sum());
    if (take("!=")) return make(Op::unequal, left, sum());
    if (take("<=")) return make(Op::at_most, left, sum());
    if (take(">=")) return make(Op::at_least, left, sum());
    if (take("<")) return make(Op::less, left, sum());
    if (take(">")) return make(Op::more, left, sum());
    if (take("=")) return make(Op::equal, left, sum());
    return left;
  }
  NodePointer sum() {
    NodePointer left = product();
    while (!error_) {
      if (take("+")) {
        left = make(Op::add, left, product());
      } else if (take("-")) {
        left = make(Op::subtract, left, product());
      } else {
        break;
      }
    }
    return left;
  }
  NodePointer product() {
    NodePointer left = factor();
    while (!error_ && take("*")) left = make(Op::multiply, left, factor());
    return left;
  }
  NodePointer factor() {
    if (++depth_ > kDeepest) fail(fmt::format("more than {} parentheses or signs in each other", kDeepest));
    NodePointer node = error_ ? make(Op::number, nullptr) : primary();
    --depth_;
    return node;
  }
  NodePointer primary() {
    if (take("-")) return make(Op::negate, factor());
    if (take("(")) {
      NodePointer inner = either();
      if (!error_ && !take(")")) fail("expected )");
      return inner;
    }
    const bool bracket = take("[");
    skip_blanks();
    const std::size_t begin = at_;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 ||
                                  std::string_view("_:.%").find(text_[at_]) != std::string_view::npos))
      ++at_;
    std::string word(text_.substr(begin, at_ - begin));
    if (word.empty()) {
      fail("expected a name or a number");
      return make(Op::number, nullptr);
    }
    if (bracket && !take("]")) fail("expected ]");
    if (std::isdigit(static_cast<unsigned char>(word.front())) != 0 && word.find(':') == std::string::npos)
      return number(word);
    if (!bracket && at_ < text_.size() && text_[at_] == '[') {  // an element: fork[2]
      const std::size_t end = text_.find(']', at_);
      if (end == std::string_view::npos)
        fail("expected ]");
      else {
        word += text_.substr(at_, end + 1 - at_);
        at_ = end + 1;
      }
    }
    Node node;
    node.op = Op::name;
    const auto place = resolve_(word);
    if (!place && !error_) {
      at_ = begin;
      error_ = emu::Error{fmt::format("{}, column {}: '{}' is no shared variable{}; known are {}", what_, begin + 1,
                                      word, did_you_mean(word, known_), fmt::join(known_, ", "))};
    }
    node.place = place.value_or(0);
    return std::make_shared<const Node>(std::move(node));
  }
  NodePointer number(const std::string& word) {
    Node node;
    const bool hex = word.size() > 2 && word[0] == '0' && (word[1] == 'x' || word[1] == 'X');
    const char* end = word.data() + word.size();
    const auto read = std::from_chars(word.data() + (hex ? 2 : 0), end, node.number, hex ? 16 : 10);
    if (read.ec != std::errc{} || read.ptr != end) fail(fmt::format("'{}' is no whole number", word));
    return std::make_shared<const Node>(std::move(node));
  }

  std::string_view text_;
  const std::string& what_;
  const Condition::Resolver& resolve_;
  std::span<const std::string> known_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::optional<emu::Error> error_;
};

emu::Result<Condition> Condition::parse(std::string_view text, const std::string& what, const Resolver& resolve,
                                        std::span<const std::string> known) {
  auto root = ConditionParser(text, what, resolve, known).parse();
  if (!root) return root.error();
  Condition condition;
  condition.text_ = std::string(text);
  condition.root_ = std::move(root).value();
  return condition;
}

std::int64_t Condition::evaluate(const Node& node, std::span<const std::int64_t> values) {
  const auto left = [&] { return evaluate(*node.left, values); };
  const auto right = [&] { return evaluate(*node.right, values); };
  // Arithmetic of 64 bits that wraps around: no overflow of signed numbers.
  const auto bits = [](std::int64_t value) { return static_cast<std::uint64_t>(value); };
  const auto number = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  switch (node.op) {
    case Op::number:
      return node.number;
    case Op::name:
      return values[node.place];
    case Op::negate:
      return number(0 - bits(left()));
    case Op::invert:
      return left() == 0 ? 1 : 0;
    case Op::add:
      return number(bits(left()) + bits(right()));
    case Op::subtract:
      return number(bits(left()) - bits(right()));
    case Op::multiply:
      return number(bits(left()) * bits(right()));
    case Op::equal:
      return left() == right() ? 1 : 0;
    case Op::unequal:
      return left() != right() ? 1 : 0;
    case Op::less:
      return left() < right() ? 1 : 0;
    case Op::at_most:
      return left() <= right() ? 1 : 0;
    case Op::more:
      return left() > right() ? 1 : 0;
    case Op::at_least:
      return left() >= right() ? 1 : 0;
    case Op::both:
      return left() != 0 && right() != 0 ? 1 : 0;
    case Op::either:
      return left() != 0 || right() != 0 ? 1 : 0;
  }
  return 0;
}

emu::Result<std::vector<std::string>> names_in_condition(std::string_view text, const std::string& what) {
  std::vector<std::string> names;
  const auto parsed = Condition::parse(text, what,
                                       [&](const std::string& name) {
                                         if (std::find(names.begin(), names.end(), name) == names.end())
                                           names.push_back(name);
                                         return std::optional<std::size_t>(0);
                                       },
                                       {});
  if (!parsed) return parsed.error();
  return names;
}

}  // namespace fiberscope::core::explore
