#include "emu/disassembler.h"

#include <capstone/capstone.h>

#include <stdexcept>

namespace fiberscope::emu {
namespace {

std::optional<Register> general(unsigned reg) {
  switch (reg) {
    case X86_REG_AL:
    case X86_REG_AH:
    case X86_REG_AX:
    case X86_REG_EAX:
    case X86_REG_RAX:
      return Register::rax;
    case X86_REG_BL:
    case X86_REG_BH:
    case X86_REG_BX:
    case X86_REG_EBX:
    case X86_REG_RBX:
      return Register::rbx;
    case X86_REG_CL:
    case X86_REG_CH:
    case X86_REG_CX:
    case X86_REG_ECX:
    case X86_REG_RCX:
      return Register::rcx;
    case X86_REG_DL:
    case X86_REG_DH:
    case X86_REG_DX:
    case X86_REG_EDX:
    case X86_REG_RDX:
      return Register::rdx;
    case X86_REG_SIL:
    case X86_REG_SI:
    case X86_REG_ESI:
    case X86_REG_RSI:
      return Register::rsi;
    case X86_REG_DIL:
    case X86_REG_DI:
    case X86_REG_EDI:
    case X86_REG_RDI:
      return Register::rdi;
    case X86_REG_BPL:
    case X86_REG_BP:
    case X86_REG_EBP:
    case X86_REG_RBP:
      return Register::rbp;
    case X86_REG_SPL:
    case X86_REG_SP:
    case X86_REG_ESP:
    case X86_REG_RSP:
      return Register::rsp;
    default:
      break;
  }
  const auto numbered = [&](unsigned first) -> std::optional<Register> {
    if (reg < first || reg >= first + 8) return std::nullopt;
    return general_register(slot(Register::r8) + reg - first);
  };
  for (const unsigned first : {X86_REG_R8, X86_REG_R8B, X86_REG_R8D, X86_REG_R8W})
    if (const auto found = numbered(first)) return found;
  return std::nullopt;
}

bool is_full(unsigned reg, unsigned size) {
  return size == 8 || (size == 4 && general(reg).has_value());
}

std::optional<MemoryOperand> memory_operand(const cs_x86_op& op) {
  MemoryOperand operand;
  const auto named = [](unsigned reg) -> std::optional<Register> {
    if (reg == X86_REG_RIP) return Register::rip;
    return general(reg);
  };
  if (op.mem.base != X86_REG_INVALID) {
    operand.base = named(op.mem.base);
    if (!operand.base) return std::nullopt;
  }
  if (op.mem.index != X86_REG_INVALID && op.mem.index != X86_REG_RIZ && op.mem.index != X86_REG_EIZ) {
    operand.index = named(op.mem.index);
    if (!operand.index) return std::nullopt;
  }
  operand.scale = static_cast<std::uint8_t>(op.mem.scale);
  operand.displacement = op.mem.disp;
  if (op.mem.segment == X86_REG_FS) operand.segment_base = Register::fs_base;
  if (op.mem.segment == X86_REG_GS) operand.segment_base = Register::gs_base;
  operand.size = op.size;
  operand.is_read = (op.access & CS_AC_READ) != 0;
  operand.is_write = (op.access & CS_AC_WRITE) != 0;
  return operand;
}

MemoryOperand on_stack(Register base, std::int64_t displacement, std::uint32_t size, bool write) {
  MemoryOperand operand;
  operand.base = base;
  operand.displacement = displacement;
  operand.size = size;
  operand.is_read = !write;
  operand.is_write = write;
  return operand;
}

}  // namespace

struct Disassembler::Impl {
  csh intel = 0;
  csh att = 0;
  cs_insn* insn = nullptr;

  Impl() {
    if (cs_open(CS_ARCH_X86, CS_MODE_64, &intel) != CS_ERR_OK || cs_open(CS_ARCH_X86, CS_MODE_64, &att) != CS_ERR_OK)
      throw std::runtime_error("Capstone has no x86-64 support; install Debian's libcapstone4 or libcapstone5");
    cs_option(intel, CS_OPT_DETAIL, CS_OPT_ON);
    cs_option(att, CS_OPT_SYNTAX, CS_OPT_SYNTAX_ATT);
    insn = cs_malloc(intel);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    cs_free(insn, 1);
    cs_close(&intel);
    cs_close(&att);
  }

  bool decode(csh handle, Address address, std::span<const std::uint8_t> bytes) const {
    const std::uint8_t* code = bytes.data();
    std::size_t left = bytes.size();
    std::uint64_t at = address.value;
    return cs_disasm_iter(handle, &code, &left, &at, insn);
  }

  void add_implicit_memory(Instruction& result) const {
    const cs_x86& x86 = insn->detail->x86;
    switch (insn->id) {
      case X86_INS_PUSH: {
        // An immediate is pushed as 8 bytes whatever its own size; of registers and memory the 16-bit form exists too.
        const bool word = x86.op_count == 1 && x86.operands[0].type != X86_OP_IMM && x86.operands[0].size == 2;
        result.memory.push_back(on_stack(Register::rsp, word ? -2 : -8, word ? 2 : 8, true));
        break;
      }
      case X86_INS_PUSHF:
        result.memory.push_back(on_stack(Register::rsp, -2, 2, true));
        break;
      case X86_INS_POPF:
        result.memory.push_back(on_stack(Register::rsp, 0, 2, false));
        break;
      case X86_INS_PUSHFQ:
        result.memory.push_back(on_stack(Register::rsp, -8, 8, true));
        break;
      case X86_INS_CALL:
        result.memory.push_back(on_stack(Register::rsp, -8, 8, true));
        break;
      case X86_INS_POP: {
        const bool word = x86.op_count == 1 && x86.operands[0].size == 2;
        result.memory.push_back(on_stack(Register::rsp, 0, word ? 2 : 8, false));
        break;
      }
      case X86_INS_POPFQ:
      case X86_INS_RET:
        result.memory.push_back(on_stack(Register::rsp, 0, 8, false));
        break;
      case X86_INS_LEAVE:
        result.memory.push_back(on_stack(Register::rbp, 0, 8, false));
        break;
      case X86_INS_IRETQ:
        result.memory.push_back(on_stack(Register::rsp, 0, 40, false));
        break;
      case X86_INS_STOSB:
      case X86_INS_STOSW:
      case X86_INS_STOSD:
      case X86_INS_STOSQ:
      case X86_INS_MOVSB:
      case X86_INS_MOVSW:
      case X86_INS_MOVSQ:
      case X86_INS_LODSB:
      case X86_INS_LODSW:
      case X86_INS_LODSD:
      case X86_INS_LODSQ:
      case X86_INS_SCASB:
      case X86_INS_SCASW:
      case X86_INS_SCASD:
      case X86_INS_SCASQ:
      case X86_INS_CMPSB:
      case X86_INS_CMPSW:
      case X86_INS_CMPSQ:
        result.is_string = true;
        break;
      case X86_INS_MOVSD:
      case X86_INS_CMPSD:
        // One name, two instructions: the SSE ones carry 0F.
        result.is_string = x86.opcode[0] == 0xa5 || x86.opcode[0] == 0xa7;
        break;
      default:
        break;
    }
  }

  void set_flow(Instruction& result) const {
    const cs_x86& x86 = insn->detail->x86;
    switch (insn->id) {
      case X86_INS_CALL:
      case X86_INS_LCALL:
        result.flow = Flow::call;
        break;
      case X86_INS_RET:
      case X86_INS_RETF:
      case X86_INS_RETFQ:
        result.flow = Flow::ret;
        break;
      case X86_INS_IRET:
      case X86_INS_IRETD:
      case X86_INS_IRETQ:
        result.flow = Flow::interrupt_return;
        break;
      case X86_INS_JMP:
      case X86_INS_LJMP:
        result.flow = Flow::jump;
        break;
      case X86_INS_SYSCALL:
      case X86_INS_SYSENTER:
      case X86_INS_INT:
      case X86_INS_INT3:
        result.flow = Flow::system_call;
        break;
      case X86_INS_HLT:
        result.flow = Flow::halt;
        break;
      case X86_INS_LOOP:
      case X86_INS_LOOPE:
      case X86_INS_LOOPNE:
      case X86_INS_JRCXZ:
      case X86_INS_JECXZ:
        result.flow = Flow::conditional_jump;
        break;
      default:
        for (std::uint8_t i = 0; i < insn->detail->groups_count; ++i)
          if (insn->detail->groups[i] == X86_GRP_JUMP) result.flow = Flow::conditional_jump;
    }
    const bool branches =
        result.flow == Flow::call || result.flow == Flow::jump || result.flow == Flow::conditional_jump;
    if (branches && x86.op_count == 1 && x86.operands[0].type == X86_OP_IMM)
      result.target = Address{static_cast<std::uint64_t>(x86.operands[0].imm)};
  }

  void set_transfer(Instruction& result) const {
    const cs_x86& x86 = insn->detail->x86;
    result.stores_constant = insn->id == X86_INS_MOV && x86.op_count == 2 && x86.operands[0].type == X86_OP_MEM &&
                             x86.operands[1].type == X86_OP_IMM;
    const auto source = [&](Transfer& transfer, const cs_x86_op& op) {
      if (op.type == X86_OP_REG) transfer.from_register = general(op.reg);
      if (op.type == X86_OP_MEM) transfer.from_memory = memory_operand(op);
      return transfer.from_register.has_value() || transfer.from_memory.has_value();
    };
    Transfer transfer;
    switch (insn->id) {
      case X86_INS_MOV:
      case X86_INS_MOVABS:
      case X86_INS_MOVZX: {
        if (x86.op_count != 2) return;
        const cs_x86_op& to = x86.operands[0];
        const cs_x86_op& from = x86.operands[1];
        if (to.type == X86_OP_REG && !is_full(to.reg, to.size)) return;
        // An 8-bit source register may be ah … dh: not the low byte.
        if (from.type == X86_OP_REG &&
            (from.reg == X86_REG_AH || from.reg == X86_REG_BH || from.reg == X86_REG_CH || from.reg == X86_REG_DH))
          return;
        transfer.size = from.size;
        transfer.zero_extends = true;
        if (!source(transfer, from)) return;
        if (to.type == X86_OP_REG) transfer.to_register = general(to.reg);
        if (to.type == X86_OP_MEM) transfer.to_memory = memory_operand(to);
        break;
      }
      case X86_INS_PUSH:
        if (x86.op_count != 1 || x86.operands[0].size != 8 || !source(transfer, x86.operands[0])) return;
        transfer.to_memory = on_stack(Register::rsp, -8, 8, true);
        break;
      case X86_INS_POP:
        if (x86.op_count != 1 || x86.operands[0].size != 8 || x86.operands[0].type != X86_OP_REG) return;
        transfer.to_register = general(x86.operands[0].reg);
        transfer.from_memory = on_stack(Register::rsp, 0, 8, false);
        break;
      case X86_INS_LEAVE:
        transfer.to_register = Register::rbp;
        transfer.from_memory = on_stack(Register::rbp, 0, 8, false);
        break;
      default:
        return;
    }
    if (transfer.to_register || transfer.to_memory) result.transfer = transfer;
  }
};

Disassembler::Disassembler() : impl_(std::make_unique<Impl>()) {}
Disassembler::Disassembler(Disassembler&&) noexcept = default;
Disassembler& Disassembler::operator=(Disassembler&&) noexcept = default;
Disassembler::~Disassembler() = default;

std::optional<Instruction> Disassembler::decode(Address address, std::span<const std::uint8_t> bytes) const {
  if (!impl_->decode(impl_->att, address, bytes)) return std::nullopt;
  Instruction result;
  result.att_mnemonic = impl_->insn->mnemonic;
  result.att_operands = impl_->insn->op_str;
  if (!impl_->decode(impl_->intel, address, bytes)) return std::nullopt;
  const cs_insn& insn = *impl_->insn;
  result.address = address;
  result.size = static_cast<std::uint8_t>(insn.size);
  result.intel_mnemonic = insn.mnemonic;
  result.intel_operands = insn.op_str;
  const cs_x86& x86 = insn.detail->x86;
  const bool touches_memory = insn.id != X86_INS_LEA && insn.id != X86_INS_NOP;
  for (std::uint8_t i = 0; touches_memory && i < x86.op_count; ++i) {
    if (x86.operands[i].type != X86_OP_MEM) continue;
    if (const auto operand = memory_operand(x86.operands[i])) result.memory.push_back(*operand);
  }
  impl_->add_implicit_memory(result);
  result.repeats = result.is_string && opcode_bytes(bytes).rep;
  impl_->set_flow(result);
  impl_->set_transfer(result);
  return result;
}

WriteSet Disassembler::write_set(std::span<const std::uint8_t> bytes) const {
  WriteSet set;
  const OpcodeBytes op = opcode_bytes(bytes);
  cs_regs read{};
  cs_regs written{};
  std::uint8_t reads = 0;
  std::uint8_t writes = 0;
  const bool decoded = op.complete && !op.redundant && impl_->decode(impl_->intel, Address{}, bytes) &&
                       cs_regs_access(impl_->intel, impl_->insn, read, &reads, written, &writes) == CS_ERR_OK;
  if (!decoded) {
    set.add_everything();
    return set;
  }
  for (std::uint8_t i = 0; i < writes; ++i) {
    const unsigned reg = written[i];
    if (const auto found = general(reg)) set.add_certain(*found);
    if (reg == X86_REG_EFLAGS) set.add(Register::rflags);
    if (reg >= X86_REG_XMM0 && reg <= X86_REG_XMM15) {
      set.add(xmm_register(reg - X86_REG_XMM0, false));
      set.add(xmm_register(reg - X86_REG_XMM0, true));
    }
  }
  const std::uint8_t code = op.opcode;
  const auto in = [code](unsigned low, unsigned high) { return code >= low && code <= high; };
  const cs_x86& x86 = impl_->insn->detail->x86;
  bool mmx = false;
  for (std::uint8_t i = 0; i < x86.op_count; ++i) {
    const cs_x86_op& operand = x86.operands[i];
    if (operand.type != X86_OP_REG) continue;
    if (operand.reg >= X86_REG_MM0 && operand.reg <= X86_REG_MM7) mmx = true;
    if (operand.reg >= X86_REG_XMM0 && operand.reg <= X86_REG_XMM15) {
      set.add(xmm_register(operand.reg - X86_REG_XMM0, false));
      set.add(xmm_register(operand.reg - X86_REG_XMM0, true));
    }
  }
  if (op.lock) set.add_general();
  if (op.map == 0) {
    if (in(0xd8, 0xdf) || code == 0x9b) {
      set.add_x87();
      set.add(Register::rax);
      set.add(Register::rflags);
    }
    if (code == 0x8e) set.add_segments();
    if (in(0xa4, 0xa7) || in(0xaa, 0xaf) || in(0x6c, 0x6f)) set.add_general();
    if (in(0xcc, 0xcf) || code == 0xca || code == 0xcb || code == 0xf1) set.add_everything();
    const unsigned extension = (op.modrm >> 3) & 7;
    if (code == 0xff && (extension == 3 || extension == 5)) set.add_everything();  // far call and jump
    if (code == 0xfa || code == 0xfb) set.add(Register::rflags);
    if (code == 0xd7) set.add(Register::rax);
    if (code == 0xc8) set.add_general();
    if (code == 0xc9) {
      set.add(Register::rsp);
      set.add(Register::rbp);
    }
  } else if (op.map == 1) {
    const bool sse =
        in(0x10, 0x17) || in(0x28, 0x2f) || in(0x50, 0x7f) || code == 0xc2 || in(0xc4, 0xc6) || in(0xd0, 0xff);
    if (sse) set.add_sse(false);
    const bool system =
        in(0x00, 0x09) || in(0x20, 0x23) || in(0x30, 0x37) || code == 0xae || code == 0xaa || code == 0xc7;
    const bool segment = code == 0xa1 || code == 0xa9 || code == 0xb2 || code == 0xb4 || code == 0xb5;
    if (system || segment) set.add_everything();
    if (code == 0xa0 || code == 0xa8) set.add(Register::rsp);
    if (code == 0xb0 || code == 0xb1 || code == 0xc0 || code == 0xc1 || code == 0x02) set.add_general();
    if (code == 0xa2) set.add_general();  // cpuid
  } else {
    set.add_sse(false);
    set.add(xmm_register(0, false));
    set.add(xmm_register(0, true));
    set.add(Register::rcx);
  }
  if (mmx || (op.map == 1 && code == 0x77)) set.add_x87();
  return set;
}

}  // namespace fiberscope::emu
