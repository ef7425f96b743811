#include "core/explore/statement.h"

#include <fmt/format.h>

#include <cctype>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include "core/first_character.h"

namespace fiberscope::core::explore {
namespace {

using emu::Error;
using emu::Result;
using Node = std::unique_ptr<Expression>;

constexpr const char* kGrammar = "a statement is `[int] name = expression` with + - * ( ), names and whole numbers";
constexpr int kDeepest = 200;  // parentheses in each other

std::int32_t wrapped(std::uint32_t value) {
  return static_cast<std::int32_t>(value);
}

Node constant(std::int32_t value) {
  auto node = std::make_unique<Expression>();
  node->value = value;
  return node;
}

Node negate(Node operand) {
  if (operand->kind == Expression::Kind::constant)
    return constant(wrapped(0U - static_cast<std::uint32_t>(operand->value)));
  auto node = std::make_unique<Expression>();
  node->kind = Expression::Kind::negate;
  node->left = std::move(operand);
  return node;
}

Node join(Expression::Kind kind, Node left, Node right) {
  if (left->kind == Expression::Kind::constant && right->kind == Expression::Kind::constant) {
    const auto a = static_cast<std::uint32_t>(left->value);
    const auto b = static_cast<std::uint32_t>(right->value);
    const std::uint32_t folded = kind == Expression::Kind::add        ? a + b
                                 : kind == Expression::Kind::subtract ? a - b
                                                                      : a * b;
    return constant(wrapped(folded));
  }
  auto node = std::make_unique<Expression>();
  node->kind = kind;
  node->left = std::move(left);
  node->right = std::move(right);
  return node;
}

class Parser {
 public:
  Parser(std::string_view text, std::string source) : text_(text), source_(std::move(source)) {}

  Result<std::vector<Statement>> statements() {
    std::vector<Statement> all;
    while (true) {
      skip_blanks();
      if (at_end()) break;
      if (take(';')) continue;
      Statement one;
      if (!statement(one)) return *error_;
      all.push_back(std::move(one));
      skip_blanks();
      if (!at_end() && !take(';')) {
        fail("expected ; or the end, not " + seen());
        return *error_;
      }
    }
    if (all.empty()) return Error{fmt::format("{}: there is no statement in it; {}", source_, kGrammar)};
    return all;
  }

 private:
  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
  [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[at_]; }
  void skip_blanks() {
    while (!at_end() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }
  bool take(char wanted) {
    skip_blanks();
    if (peek() != wanted) return false;
    ++at_;
    return true;
  }
  void fail(const std::string& cause) {
    if (!error_) error_ = Error{fmt::format("{}, column {}: {}; {}", source_, at_ + 1, cause, kGrammar)};
  }
  std::string seen() {
    skip_blanks();
    return at_end() ? std::string("the end") : fmt::format("'{}'", first_character(text_.substr(at_)));
  }

  std::string name() {
    skip_blanks();
    const std::size_t begin = at_;
    if (std::isalpha(static_cast<unsigned char>(peek())) == 0 && peek() != '_') return {};
    while (std::isalnum(static_cast<unsigned char>(peek())) != 0 || peek() == '_') ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  bool statement(Statement& out) {
    skip_blanks();
    const std::size_t begin = at_;
    out.name = name();
    if (out.name == "int") {
      out.declares = true;
      out.name = name();
    }
    const std::size_t name_end = at_;
    if (out.name.empty()) return fail("expected a variable's name, not " + seen()), false;
    if (out.name == "int") return fail("`int` is no name for a variable"), false;
    if (!take('=')) return fail(fmt::format("expected = behind {}, not {}", out.name, seen())), false;
    if (peek() == '=') return fail("expected an expression; == compares, and statements only assign"), false;
    out.value = sum();
    if (error_) return false;
    std::size_t end = at_;
    while (end > begin && std::isspace(static_cast<unsigned char>(text_[end - 1])) != 0) --end;
    out.text = std::string(text_.substr(begin, end - begin));
    if (out.declares && assigned_.count(out.name) != 0 && locals_.count(out.name) == 0) {
      at_ = name_end - out.name.size();
      return fail(fmt::format("{} was used as a shared variable before; a local needs another name", out.name)), false;
    }
    if (out.declares) locals_.insert(out.name);
    assigned_.insert(out.name);
    return true;
  }

  Node sum() {
    Node left = product();
    while (!error_) {
      const bool plus = take('+');
      if (!plus && !take('-')) break;
      Node right = product();
      if (error_) break;
      left = join(plus ? Expression::Kind::add : Expression::Kind::subtract, std::move(left), std::move(right));
    }
    return left;
  }

  Node product() {
    Node left = unary();
    while (!error_ && take('*')) {
      Node right = unary();
      if (error_) break;
      left = join(Expression::Kind::multiply, std::move(left), std::move(right));
    }
    return left;
  }

  Node unary() {
    if (++depth_ > kDeepest) fail(fmt::format("more than {} parentheses or signs in each other", kDeepest));
    Node result;
    if (error_) {
      result = constant(0);
    } else if (take('-')) {
      result = negate(unary());
    } else {
      result = primary();
    }
    --depth_;
    return result;
  }

  /// A number, a name, a parenthesis; `5y` and `5(x+1)` multiply.
  Node primary() {
    skip_blanks();
    if (std::isdigit(static_cast<unsigned char>(peek())) != 0) {
      const bool hex = text_.substr(at_, 2) == "0x" || text_.substr(at_, 2) == "0X";
      if (hex) at_ += 2;
      std::uint64_t value = 0;
      if (hex && std::isxdigit(static_cast<unsigned char>(peek())) == 0) {
        fail("0x begins a hexadecimal number, and no digit follows; 0 times x is 0*x");
        return constant(0);
      }
      while (std::isxdigit(static_cast<unsigned char>(peek())) != 0) {
        const char digit = static_cast<char>(std::tolower(static_cast<unsigned char>(peek())));
        if (!hex && digit >= 'a') break;
        value = value * (hex ? 16 : 10) + static_cast<std::uint64_t>(digit >= 'a' ? digit - 'a' + 10 : digit - '0');
        if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max())) {
          fail("the number is too large: at most 2147483647");
          return constant(0);
        }
        ++at_;
      }
      if (hex && (std::isalpha(static_cast<unsigned char>(peek())) != 0 || peek() == '_')) {
        fail("expected the end of a hexadecimal number, not " + seen());
        return constant(0);
      }
      Node number = constant(static_cast<std::int32_t>(value));
      if (std::isalpha(static_cast<unsigned char>(peek())) != 0 || peek() == '_' || peek() == '(')
        return join(Expression::Kind::multiply, std::move(number), primary());
      return number;
    }
    if (take('(')) {
      Node inner = sum();
      if (!error_ && !take(')')) fail("expected ) not " + seen());
      return inner;
    }
    auto node = std::make_unique<Expression>();
    node->kind = Expression::Kind::variable;
    node->name = name();
    if (node->name.empty()) fail("expected a number, a name or ( not " + seen());
    if (node->name == "int") fail("`int` is no name for a variable");
    if (locals_.count(node->name) == 0) assigned_.insert(node->name);
    return node;
  }

  std::string_view text_;
  std::string source_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::set<std::string> assigned_;  // names that were used as shared variables, or are locals
  std::set<std::string> locals_;
  std::optional<Error> error_;
};

}  // namespace

emu::Result<std::vector<Statement>> parse_statements(std::string_view text, const std::string& source) {
  return Parser(text, source).statements();
}

}  // namespace fiberscope::core::explore
