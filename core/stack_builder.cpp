#include "core/stack_builder.h"

#include <algorithm>
#include <utility>

#include "emu/shown_name.h"

namespace fiberscope::core {
namespace {

using emu::Address;
using emu::Register;

/// Where to look a frame up: a return address stands behind its call, which may be the last instruction of a function.
Address lookup(const UnwoundFrame& frame) {
  return frame.rip_is_exact ? frame.rip : frame.rip - 1;
}

}  // namespace

std::string return_name(const emu::Image& image, Address address) {
  const auto symbol = image.symbol_at(address - 1);
  if (!symbol) return emu::symbolized(image, address);
  return emu::shown_name(symbol->name) + "+" + std::to_string(address - symbol->address);
}

StackBuilder::StackBuilder(const Trace& trace)
    : image_(trace.image()), debug_(trace.debug()), unwinder_(image_, debug_) {
  if (const auto resume = image_.symbol("switch_resume")) resume_ = resume->address;
}

UnwoundChain StackBuilder::chain(const Thread& thread, bool holds_rsp, const MachineState& state,
                                 const emu::RegisterFile* left_with) const {
  UnwoundChain chain = whole_chain(thread, holds_rsp, state, left_with);
  const auto elsewhere = std::find_if(chain.frames.begin(), chain.frames.end(), [&](const UnwoundFrame& frame) {
    const auto rsp = frame.registers[emu::slot(Register::rsp)];
    return rsp && !thread.stack.contains(Address{*rsp}) && Address{*rsp} != thread.stack.high;
  });
  // The first frame beyond was found through the one before it, which is whole and the outermost one here.
  const bool crosses = elsewhere != chain.frames.begin() && elsewhere != chain.frames.end();
  if (!crosses || !(elsewhere - 1)->is_signal_frame) return chain;
  chain.frames.erase(elsewhere, chain.frames.end());
  chain.complete = true;
  chain.end = ChainEnd::entry;
  return chain;
}

UnwoundChain StackBuilder::whole_chain(const Thread& thread, bool holds_rsp, const MachineState& state,
                                       const emu::RegisterFile* left_with) const {
  if (holds_rsp) return unwinder_.running(state.registers, state.memory, thread.stack);
  if (left_with != nullptr && (*left_with)[Register::rsp] == thread.stack.high.value) return {};  // left empty
  // Where its control block is right about rsp, it also says where the thread will go on.
  const bool saved = thread.state != ThreadState::init && thread.stack.contains(thread.saved_rsp);
  const bool agrees = left_with == nullptr || (resume_ && (*left_with)[Register::rsp] == thread.saved_rsp.value);
  if (!agrees) return unwinder_.running(*left_with, state.memory, thread.stack);
  if (!saved) return {};
  // What the block says of rip is about a thread that never ran: later it is stale.
  const bool is_unborn = left_with == nullptr || (*left_with)[Register::rip] == thread.resume.value;
  if (thread.resume.value != 0 && is_unborn)
    return unwinder_.parked(thread.resume, thread.saved_rsp, state.memory, thread.stack);
  if (!resume_) return {};
  return unwinder_.parked(*resume_, thread.saved_rsp, state.memory, thread.stack);
}

StackView StackBuilder::build(const Thread& thread, bool holds_rsp, const MachineState& state,
                              std::optional<Address> lowest, const emu::RegisterFile* left_with) const {
  StackView view;
  view.thread = thread.id;
  view.range = thread.stack;
  view.holds_rsp = holds_rsp;
  view.rsp = holds_rsp              ? Address{state.registers[Register::rsp]}
             : left_with != nullptr ? Address{(*left_with)[Register::rsp]}
                                    : thread.saved_rsp;
  if (!holds_rsp && !thread.stack.contains(view.rsp)) view.rsp = thread.stack.high;
  const UnwoundChain unwound = chain(thread, holds_rsp, state, left_with);
  view.chain_complete = unwound.complete;
  view.chain_end = unwound.end;
  add_frames(view, unwound, state.memory);

  const Address rsp{view.rsp.value & ~std::uint64_t{7}};
  Address bottom = lowest ? std::min(rsp, Address{lowest->value & ~std::uint64_t{7}}) : rsp;
  const std::uint64_t dead = kDeadCells * 8;
  if (rsp - bottom > dead) bottom = rsp - dead;
  bottom = std::max(bottom, thread.stack.low);
  view.omitted = (bottom - thread.stack.low) / 8;
  add_cells(view, marks(unwound, state.memory), state.memory, bottom);
  return view;
}

std::string StackBuilder::function_name(const UnwoundFrame& frame) const {
  // The symbol table knows the assembly routines too.
  if (const emu::FunctionInfo* function = debug_.function_at(lookup(frame))) return emu::shown_name(function->name);
  auto symbol = image_.symbol_at(lookup(frame));
  // A first frame built by hand "returns" to the very start of a routine: just before it is nobody's code.
  if (!symbol) symbol = image_.symbol_at(frame.rip);
  return symbol ? emu::shown_name(symbol->name) : std::string();
}

void StackBuilder::add_frames(StackView& view, const UnwoundChain& chain, const emu::Memory& memory) const {
  Address low = view.rsp;
  for (const UnwoundFrame& unwound : chain.frames) {
    Frame frame;
    frame.function = function_name(unwound);
    frame.frame_base = unwound.cfa;
    frame.rip = unwound.rip;
    frame.method = unwound.method;
    frame.is_signal = unwound.is_signal_frame;
    if (const auto at = unwound.saved_at[emu::slot(Register::rbp)]) {
      frame.saved_rbp_at = at;
      frame.saved_rbp = memory.read(*at, 8);
    }
    if (unwound.return_address_at) {
      if (const auto value = memory.read(*unwound.return_address_at, 8)) {
        frame.return_address = Address{*value};
        frame.return_symbol = return_name(image_, Address{*value});
      }
    }
    // Within a prologue the frame base of the innermost frame may not lie above rsp yet, but never below it.
    frame.cells = {low, std::max(low, std::min(unwound.cfa, view.range.high))};
    low = frame.cells.high;
    view.frames.push_back(std::move(frame));
  }
  // What lies above the outermost frame base still belongs to that frame: nobody else was there before it.
  if (chain.complete && !view.frames.empty()) view.frames.back().cells.high = view.range.high;
  std::reverse(view.frames.begin(), view.frames.end());
}

std::string StackBuilder::owner_of(const UnwoundChain& chain, std::size_t frame, Register reg) const {
  // The saved value is that of the caller, and of every frame above it up to the first that saved the register itself.
  for (std::size_t i = frame + 1; i < chain.frames.size(); ++i) {
    const UnwoundFrame& caller = chain.frames[i];
    if (const emu::FunctionInfo* function = debug_.function_at(lookup(caller))) {
      for (const emu::LocalRegister& local : function->registers)
        if (local.reg == reg && local.live.contains(lookup(caller))) return function->name + "'s " + local.name;
    }
    if (caller.saved_at[emu::slot(reg)]) break;
  }
  return {};
}

void StackBuilder::mark_interrupt_frame(Marks& marks, const UnwoundFrame& frame) {
  const auto rsp_at = frame.saved_at[emu::slot(Register::rsp)];
  if (!frame.is_signal_frame || !frame.return_address_at || rsp_at != *frame.return_address_at + 24) return;
  for (const auto& [offset, name] : {std::pair{8, "cs"}, {16, "rflags"}, {32, "ss"}}) {
    Mark mark;
    mark.role = CellRole::saved_register;
    mark.symbol = std::string("saved ") + name;
    marks.try_emplace(frame.return_address_at->value + static_cast<std::uint64_t>(offset), std::move(mark));
  }
}

void StackBuilder::mark_locals(Marks& marks, const UnwoundFrame& frame) const {
  const emu::FunctionInfo* function = debug_.function_at(lookup(frame));
  if (function == nullptr) return;
  for (const emu::LocalCell& local : function->cells) {
    if (!local.live.contains(lookup(frame)) || local.size == 0 || local.size > 8) continue;
    Mark mark;
    mark.size = static_cast<std::uint8_t>(local.size);
    mark.role = local.is_parameter ? CellRole::argument : CellRole::local;
    mark.symbol = local.name;
    marks.try_emplace(frame.cfa.value + static_cast<std::uint64_t>(local.cfa_offset), std::move(mark));
  }
}

StackBuilder::Marks StackBuilder::marks(const UnwoundChain& chain, const emu::Memory& memory) const {
  Marks marks;
  for (std::size_t i = 0; i < chain.frames.size(); ++i) {
    const UnwoundFrame& frame = chain.frames[i];
    if (frame.return_address_at) {
      Mark mark;
      mark.role = CellRole::return_address;
      mark.symbol = return_name(image_, Address{memory.read(*frame.return_address_at, 8).value_or(0)});
      marks.insert_or_assign(frame.return_address_at->value, std::move(mark));
    }
    mark_interrupt_frame(marks, frame);
    for (std::size_t slot = 0; slot < emu::kGeneralRegisters; ++slot) {
      if (!frame.saved_at[slot]) continue;
      const Register reg = emu::general_register(slot);
      Mark mark;
      mark.role = reg == Register::rbp ? CellRole::saved_rbp : CellRole::saved_register;
      mark.symbol = "saved " + std::string(emu::register_name(reg));
      if (reg != Register::rbp) mark.owner = owner_of(chain, i, reg);
      marks.insert_or_assign(frame.saved_at[slot]->value, std::move(mark));
    }
    mark_locals(marks, frame);
  }
  return marks;
}

void StackBuilder::add_cells(StackView& view, const Marks& marks, const emu::Memory& memory, Address bottom) const {
  const auto add = [&](Address address, std::uint8_t size, const Mark* mark) {
    Cell cell;
    cell.address = address;
    cell.size = size;
    cell.value = memory.read(address, size).value_or(0);
    cell.live = address >= view.rsp;
    cell.role = CellRole::padding;
    if (mark != nullptr && cell.live) {
      cell.role = mark->role;
      cell.symbol = mark->symbol;
      cell.owner = mark->owner;
    }
    for (std::size_t i = 0; i < view.frames.size(); ++i)
      if (view.frames[i].cells.contains(address)) cell.frame = static_cast<std::uint32_t>(i);
    view.cells.push_back(std::move(cell));
  };
  for (Address word = view.range.high - 8; word >= bottom && word.value >= 8; word = word - 8) {
    // Smaller variables cut a word into pieces; between them lie unnamed ones.
    std::vector<std::pair<Address, const Mark*>> pieces;
    std::uint64_t at = word.value;
    for (auto mark = marks.lower_bound(word.value); mark != marks.end() && mark->first < word.value + 8; ++mark) {
      if (mark->first < at || mark->first + mark->second.size > word.value + 8) continue;
      if (mark->first > at) pieces.emplace_back(Address{at}, nullptr);
      pieces.emplace_back(Address{mark->first}, &mark->second);
      at = mark->first + mark->second.size;
    }
    if (at < word.value + 8) pieces.emplace_back(Address{at}, nullptr);
    for (std::size_t i = pieces.size(); i-- > 0;) {
      const std::uint64_t end = i + 1 < pieces.size() ? pieces[i + 1].first.value : word.value + 8;
      add(pieces[i].first, static_cast<std::uint8_t>(end - pieces[i].first.value), pieces[i].second);
    }
    if (word == view.range.low) break;
  }
}

}  // namespace fiberscope::core
