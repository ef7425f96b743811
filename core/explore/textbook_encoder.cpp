#include "core/explore/textbook_encoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <limits>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace fiberscope::core::explore {
namespace {

struct Reg {
  std::string_view name;
  std::uint8_t number;  // as instructions encode it
};
constexpr std::array<Reg, 9> kRegisters = {
    {{"eax", 0}, {"edx", 2}, {"ecx", 1}, {"esi", 6}, {"edi", 7}, {"r8d", 8}, {"r9d", 9}, {"r10d", 10}, {"r11d", 11}}};

/// The three operations in their encodings: register with register or memory, and the digit of the immediate form.
struct Operation {
  std::string_view name;
  std::uint8_t opcode;
  std::uint8_t digit;
};
constexpr Operation kAdd{"add", 0x03, 0};
constexpr Operation kSubtract{"sub", 0x2b, 5};

bool is_byte(std::int32_t value) {
  return value >= std::numeric_limits<std::int8_t>::min() && value <= std::numeric_limits<std::int8_t>::max();
}

class Encoder {
 public:
  Encoder(const VariableAddresses& addresses, const std::string& source) : addresses_(addresses), source_(source) {}

  emu::Result<std::vector<TextbookInstruction>> encode(const std::vector<Statement>& statements) {
    for (statement_ = 0; statement_ < statements.size(); ++statement_) {
      begins_ = true;
      assign(statements[statement_]);
      if (exhausted_)
        return emu::Error{
            fmt::format("{}: `{}` needs more than the {} registers that textbook code has; split it into "
                        "two statements, or use --lowering O0",
                        source_, statements[statement_].text, kRegisters.size())};
    }
    return std::move(code_);
  }

 private:
  using Kind = Expression::Kind;

  void assign(const Statement& statement) {
    const auto local = locals_.find(statement.name);
    const bool is_new = statement.declares && local == locals_.end();
    if (is_new || local != locals_.end()) {
      const std::optional<Reg> value = evaluate(*statement.value);
      if (!value) return;
      if (is_new) {
        locals_.emplace(statement.name, *value);
      } else {
        from_register("mov", 0x8b, local->second, *value);
        release(*value);
      }
      return;
    }
    const std::uint64_t address = addresses_.at(statement.name);
    if (statement.value->kind == Kind::constant) {
      std::vector<std::uint8_t> bytes = {0xc7};
      put_memory(bytes, 0, address);
      put32(bytes, static_cast<std::uint32_t>(statement.value->value));
      emit(fmt::format("mov dword ptr [{}], {}", statement.name, statement.value->value), std::move(bytes));
      return;
    }
    const std::optional<Reg> value = evaluate(*statement.value);
    if (!value) return;
    std::vector<std::uint8_t> bytes;
    if (value->number >= 8) bytes.push_back(0x44);
    bytes.push_back(0x89);
    put_memory(bytes, value->number, address);
    emit(fmt::format("mov dword ptr [{}], {}", statement.name, value->name), std::move(bytes));
    release(*value);
  }

  /// The value's register, which is the caller's to release.
  std::optional<Reg> evaluate(const Expression& expression) {
    switch (expression.kind) {
      case Kind::constant: {
        const auto reg = take();
        if (reg) load_constant(*reg, expression.value);
        return reg;
      }
      case Kind::variable: {
        const auto reg = take();
        if (reg) operate("mov", 0x8b, *reg, expression.name);
        return reg;
      }
      case Kind::negate: {
        const auto reg = evaluate(*expression.left);
        if (!reg) return reg;
        std::vector<std::uint8_t> bytes;
        if (reg->number >= 8) bytes.push_back(0x41);
        bytes.push_back(0xf7);
        bytes.push_back(static_cast<std::uint8_t>(0xd8 | (reg->number & 7)));
        emit(fmt::format("neg {}", reg->name), std::move(bytes));
        return reg;
      }
      case Kind::add:
      case Kind::subtract:
      case Kind::multiply:
        return binary(expression);
    }
    return std::nullopt;
  }

  std::optional<Reg> binary(const Expression& expression) {
    const Expression* left = expression.left.get();
    const Expression* right = expression.right.get();
    const bool multiplies = expression.kind == Kind::multiply;
    if (multiplies && left->kind == Kind::constant) std::swap(left, right);
    const auto reg = evaluate(*left);
    if (!reg) return reg;
    const Operation& operation = expression.kind == Kind::add ? kAdd : kSubtract;
    if (right->kind == Kind::constant) {
      if (multiplies) {
        multiply_constant(*reg, right->value);
      } else {
        operate_constant(operation, *reg, right->value);
      }
    } else if (right->kind == Kind::variable) {
      if (multiplies) {
        operate("imul", kImul, *reg, right->name);
      } else {
        operate(operation.name, operation.opcode, *reg, right->name);
      }
    } else {
      const auto other = evaluate(*right);
      if (!other) return other;
      if (multiplies) {
        from_register("imul", kImul, *reg, *other);
      } else {
        from_register(operation.name, operation.opcode, *reg, *other);
      }
      release(*other);
    }
    return reg;
  }

  static constexpr int kImul = 0x0faf;

  void load_constant(Reg reg, std::int32_t value) {
    std::vector<std::uint8_t> bytes;
    if (reg.number >= 8) bytes.push_back(0x41);
    bytes.push_back(static_cast<std::uint8_t>(0xb8 | (reg.number & 7)));
    put32(bytes, static_cast<std::uint32_t>(value));
    emit(fmt::format("mov {}, {}", reg.name, value), std::move(bytes));
  }

  void operate_constant(const Operation& operation, Reg reg, std::int32_t value) {
    std::vector<std::uint8_t> bytes;
    if (reg.number >= 8) bytes.push_back(0x41);
    if (is_byte(value)) {
      bytes.push_back(0x83);
      bytes.push_back(static_cast<std::uint8_t>(0xc0 | operation.digit << 3 | (reg.number & 7)));
      bytes.push_back(static_cast<std::uint8_t>(value));
    } else {
      if (reg.number == 0) {
        bytes.push_back(static_cast<std::uint8_t>(operation.digit << 3 | 5));  // the short form for eax
      } else {
        bytes.push_back(0x81);
        bytes.push_back(static_cast<std::uint8_t>(0xc0 | operation.digit << 3 | (reg.number & 7)));
      }
      put32(bytes, static_cast<std::uint32_t>(value));
    }
    emit(fmt::format("{} {}, {}", operation.name, reg.name, value), std::move(bytes));
  }

  void multiply_constant(Reg reg, std::int32_t value) {
    std::vector<std::uint8_t> bytes;
    if (reg.number >= 8) bytes.push_back(0x45);
    bytes.push_back(is_byte(value) ? 0x6b : 0x69);
    bytes.push_back(static_cast<std::uint8_t>(0xc0 | (reg.number & 7) << 3 | (reg.number & 7)));
    if (is_byte(value)) {
      bytes.push_back(static_cast<std::uint8_t>(value));
    } else {
      put32(bytes, static_cast<std::uint32_t>(value));
    }
    emit(fmt::format("imul {}, {}, {}", reg.name, reg.name, value), std::move(bytes));
  }

  /// OP reg, variable: from memory, or from the local's register.
  void operate(std::string_view name, int opcode, Reg reg, const std::string& variable) {
    if (const auto local = locals_.find(variable); local != locals_.end()) {
      from_register(name, opcode, reg, local->second);
      return;
    }
    std::vector<std::uint8_t> bytes;
    if (reg.number >= 8) bytes.push_back(0x44);
    put_opcode(bytes, opcode);
    put_memory(bytes, reg.number, addresses_.at(variable));
    emit(fmt::format("{} {}, dword ptr [{}]", name, reg.name, variable), std::move(bytes));
  }

  /// OP to, from. GNU as writes mov, add and sub between registers in the form that stores.
  void from_register(std::string_view name, int opcode, Reg to, Reg from) {
    const bool stores = opcode != kImul;
    const Reg in_reg = stores ? from : to;
    const Reg in_rm = stores ? to : from;
    std::vector<std::uint8_t> bytes;
    const int rex = (in_reg.number >= 8 ? 4 : 0) | (in_rm.number >= 8 ? 1 : 0);
    if (rex != 0) bytes.push_back(static_cast<std::uint8_t>(0x40 | rex));
    put_opcode(bytes, stores ? opcode - 2 : opcode);
    bytes.push_back(static_cast<std::uint8_t>(0xc0 | (in_reg.number & 7) << 3 | (in_rm.number & 7)));
    emit(fmt::format("{} {}, {}", name, to.name, from.name), std::move(bytes));
  }

  static void put_opcode(std::vector<std::uint8_t>& bytes, int opcode) {
    if (opcode > 0xff) bytes.push_back(static_cast<std::uint8_t>(opcode >> 8));
    bytes.push_back(static_cast<std::uint8_t>(opcode & 0xff));
  }
  /// ModRM, SIB and displacement of [address], absolute.
  static void put_memory(std::vector<std::uint8_t>& bytes, std::uint8_t reg, std::uint64_t address) {
    bytes.push_back(static_cast<std::uint8_t>((reg & 7) << 3 | 4));
    bytes.push_back(0x25);
    put32(bytes, static_cast<std::uint32_t>(address));
  }
  static void put32(std::vector<std::uint8_t>& bytes, std::uint32_t value) {
    for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<std::uint8_t>(value >> shift));
  }

  void emit(std::string text, std::vector<std::uint8_t> bytes) {
    code_.push_back({std::move(text), std::move(bytes), statement_, std::exchange(begins_, false)});
  }

  std::optional<Reg> take() {
    for (std::size_t i = 0; i < kRegisters.size(); ++i) {
      if (taken_[i]) continue;
      taken_[i] = true;
      return kRegisters[i];
    }
    exhausted_ = true;
    return std::nullopt;
  }
  void release(Reg reg) {
    for (std::size_t i = 0; i < kRegisters.size(); ++i)
      if (kRegisters[i].number == reg.number) taken_[i] = false;
  }

  const VariableAddresses& addresses_;
  const std::string& source_;
  std::vector<TextbookInstruction> code_;
  std::map<std::string, Reg> locals_;
  std::array<bool, kRegisters.size()> taken_{};
  std::size_t statement_ = 0;
  bool begins_ = false;
  bool exhausted_ = false;
};

}  // namespace

emu::Result<std::vector<TextbookInstruction>> encode_textbook(const std::vector<Statement>& statements,
                                                              const VariableAddresses& addresses,
                                                              const std::string& source) {
  return Encoder(addresses, source).encode(statements);
}

std::vector<std::string> shared_names(const std::vector<Statement>& statements) {
  std::vector<std::string> names;
  std::set<std::string> locals;
  const auto use = [&](const std::string& name) {
    if (locals.count(name) == 0 && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  const std::function<void(const Expression&)> walk = [&](const Expression& expression) {
    if (expression.kind == Expression::Kind::variable) use(expression.name);
    if (expression.left) walk(*expression.left);
    if (expression.right) walk(*expression.right);
  };
  for (const Statement& statement : statements) {
    walk(*statement.value);
    if (statement.declares) {
      locals.insert(statement.name);
    } else {
      use(statement.name);
    }
  }
  return names;
}

}  // namespace fiberscope::core::explore
