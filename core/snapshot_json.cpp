#include "core/snapshot_json.h"

#include <fmt/format.h>

namespace fiberscope::core {
namespace {

using emu::Register;
using Json = nlohmann::ordered_json;

Json thread_id(const std::optional<ThreadId>& id) {
  return id ? Json(id->value) : Json(nullptr);
}
Json address(emu::Address value) {
  return hex16(value.value);
}
template <typename T>
Json address(const std::optional<T>& value) {
  return value ? address(*value) : Json(nullptr);
}
Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}
Json step_or_null(const std::optional<StepIndex>& step) {
  return step ? Json(step->value) : Json(nullptr);
}

Json instruction_json(const std::optional<InstructionView>& view) {
  if (!view) return nullptr;
  std::string bytes;
  for (const std::uint8_t byte : view->bytes) bytes += fmt::format("{:02x}", byte);
  return {{"address", address(view->address)},
          {"bytes", bytes},
          {"text", view->intel},
          {"att", view->att},
          {"symbol", text_or_null(view->symbol)},
          {"file", text_or_null(view->file)},
          {"line", view->line > 0 ? Json(view->line) : Json(nullptr)}};
}

Json registers_json(const emu::RegisterFile& registers) {
  Json result = Json::object();
  for (std::size_t i = 0; i < emu::slot(Register::fp0); ++i)
    result[std::string(emu::register_name(static_cast<Register>(i)))] = hex16(registers.slots[i]);
  Json fp = Json::array();
  for (std::size_t i = 0; i < 8; ++i)
    fp.push_back(fmt::format("0x{:04x}{:016x}", registers[emu::fp_register(i, true)] & 0xffff,
                             registers[emu::fp_register(i, false)]));
  result["fp"] = std::move(fp);
  Json xmm = Json::array();
  for (std::size_t i = 0; i < 16; ++i)
    xmm.push_back(
        fmt::format("0x{:016x}{:016x}", registers[emu::xmm_register(i, true)], registers[emu::xmm_register(i, false)]));
  result["xmm"] = std::move(xmm);
  return result;
}

Json flags_json(std::uint64_t rflags) {
  constexpr std::pair<const char*, unsigned> kFlags[] = {{"cf", 0}, {"pf", 2}, {"af", 4},  {"zf", 6}, {"sf", 7},
                                                         {"tf", 8}, {"if", 9}, {"df", 10}, {"of", 11}};
  Json result = Json::object();
  for (const auto& [name, bit] : kFlags) result[name] = ((rflags >> bit) & 1) != 0;
  return result;
}

/// Values are hexadecimal, as everywhere.
Json stores_json(const std::vector<WaitingStore>& stores) {
  Json json = Json::array();
  for (const auto& [store, symbol] : stores)
    json.push_back({{"address", hex16(store.address.value)},
                    {"symbol", symbol},
                    {"size", store.size},
                    {"value", hex16(store.value)}});
  return json;
}

Json changes_json(const std::vector<RegisterChange>& changes) {
  Json result = Json::array();
  for (const RegisterChange& change : changes)
    result.push_back(
        {{"name", emu::register_name(change.reg)}, {"old", hex16(change.old_value)}, {"new", hex16(change.new_value)}});
  return result;
}

Json accesses_json(const std::vector<MemoryAccess>& accesses) {
  Json result = Json::array();
  for (const MemoryAccess& access : accesses)
    result.push_back({{"address", address(access.address)}, {"size", access.size}, {"write", access.is_write}});
  return result;
}

Json lost_access_json(const LostUpdate::Access& access) {
  return {{"step", access.step.value},
          {"thread", access.thread.value},
          {"address", address(access.code)},
          {"value", access.value ? Json(*access.value) : Json(nullptr)}};
}

Json lost_updates_json(const std::vector<LostUpdate>& updates) {
  Json result = Json::array();
  for (const LostUpdate& update : updates)
    result.push_back({{"variable", update.variable},
                      {"load", lost_access_json(update.load)},
                      {"lost", lost_access_json(update.lost)},
                      {"store", lost_access_json(update.store)},
                      {"drained", update.drained}});
  return result;
}

Json rewritten_json(const std::optional<RewrittenReturn>& rewritten) {
  if (!rewritten) return nullptr;
  return {{"step", rewritten->step.value},
          {"was", hex16(rewritten->was)},
          {"was_symbol", text_or_null(rewritten->was_symbol)}};
}

Json cell_json(const Cell& cell) {
  return {{"address", address(cell.address)},
          {"size", cell.size},
          {"value", hex16(cell.value)},
          {"role", to_string(cell.role)},
          {"symbol", text_or_null(cell.symbol)},
          {"owner", text_or_null(cell.owner)},
          {"live", cell.live},
          {"frame", cell.frame ? Json(*cell.frame) : Json(nullptr)},
          {"written_at", step_or_null(cell.written_at)},
          {"rewritten", rewritten_json(cell.rewritten)}};
}

Json frame_json(const Frame& frame) {
  return {{"function", text_or_null(frame.function)},
          {"rip", address(frame.rip)},
          {"frame_base", address(frame.frame_base)},
          {"saved_rbp", frame.saved_rbp ? Json(hex16(*frame.saved_rbp)) : Json(nullptr)},
          {"saved_rbp_at", address(frame.saved_rbp_at)},
          {"return_address", address(frame.return_address)},
          {"return_symbol", text_or_null(frame.return_symbol)},
          {"method", to_string(frame.method)}};
}

Json stack_json(const StackView& stack) {
  Json cells = Json::array();
  for (const Cell& cell : stack.cells) cells.push_back(cell_json(cell));
  Json frames = Json::array();
  for (const Frame& frame : stack.frames) frames.push_back(frame_json(frame));
  return {{"thread", stack.thread.value},
          {"low", address(stack.range.low)},
          {"high", address(stack.range.high)},
          {"rsp", address(stack.rsp)},
          {"omitted", stack.omitted},
          {"chain", {{"complete", stack.chain_complete}, {"end", to_string(stack.chain_end)}}},
          {"cells", std::move(cells)},
          {"frames", std::move(frames)}};
}

}  // namespace

std::string hex16(std::uint64_t value) {
  return fmt::format("0x{:016x}", value);
}

nlohmann::ordered_json to_json(const Switch& entry) {
  return {{"step", entry.step.value},          {"cpu", entry.cpu.value},
          {"from", thread_id(entry.from)},     {"to", thread_id(entry.to)},
          {"reason", to_string(entry.reason)}, {"at", text_or_null(entry.at)},
          {"address", address(entry.address)}};
}

nlohmann::ordered_json to_json(const ThreadView& view) {
  const Thread& thread = view.thread;
  return {{"id", thread.id.value},
          {"name", thread.name},
          {"kind", to_string(thread.kind)},
          {"state", to_string(thread.state)},
          {"stands", to_string(view.state)},
          {"with", thread_id(view.with)},
          {"stack", {{"low", address(thread.stack.low)}, {"high", address(thread.stack.high)}}},
          {"saved_rsp", address(thread.saved_rsp)},
          {"parked_rsp", view.parked_rsp ? Json(address(*view.parked_rsp)) : Json(nullptr)},
          {"tcb", address(thread.tcb)},
          {"space", thread.space},
          {"switches_in", view.switches_in}};
}

nlohmann::ordered_json to_json(const std::vector<ContextObject>& objects) {
  Json result = Json::array();
  for (const ContextObject& object : objects) {
    Json fields = Json::array();
    for (const ContextField& field : object.fields)
      fields.push_back({{"name", field.name},
                        {"offset", field.offset},
                        {"address", address(field.address)},
                        {"size", field.size},
                        {"value", field.size <= 8 ? Json(hex16(field.value)) : Json(nullptr)},
                        {"text", text_or_null(field.text)},
                        {"demangled", field.plain ? Json(hex16(*field.plain)) : Json(nullptr)},
                        {"meaning", text_or_null(field.meaning)},
                        {"written_at", step_or_null(field.written_at)},
                        {"changed", field.changed}});
    const bool frame = object.kind == ContextObject::Kind::stack_frame;
    result.push_back({{"kind", frame ? "frame" : "structure"},
                      {"name", object.name},
                      {"type", text_or_null(object.type)},
                      {"address", address(object.address)},
                      {"size", object.size},
                      {"alignment", object.alignment},
                      {"thread", thread_id(object.thread)},
                      {"built_by_hand", object.never_ran},
                      {"fields", std::move(fields)}});
  }
  return result;
}

nlohmann::ordered_json to_json(const Snapshot& snapshot) {
  Json threads = Json::array();
  for (const ThreadView& view : snapshot.threads) threads.push_back(to_json(view));
  Json stacks = Json::array();
  for (const StackView& stack : snapshot.stacks) stacks.push_back(stack_json(stack));
  Json written = Json::array();
  for (const MemoryChange& change : snapshot.written)
    written.push_back({{"address", address(change.address)},
                       {"size", change.size},
                       {"old", hex16(change.old_value)},
                       {"new", hex16(change.new_value)}});
  Json events = Json::array();
  for (const EventView& event : snapshot.events) events.push_back({{"kind", event.kind}, {"text", event.text}});
  Json cpus = Json::array();
  for (const ProcessorView& view : snapshot.cpus)
    cpus.push_back({{"cpu", view.cpu.value},
                    {"running", view.running},
                    {"thread", thread_id(view.thread)},
                    {"next", instruction_json(view.next)},
                    {"registers", registers_json(view.registers)},
                    {"changed", changes_json(view.changed)},
                    {"stores", stores_json(view.stores)}});
  Json compared = nullptr;
  if (snapshot.compared_with)
    compared = {{"step", snapshot.compared_with->value}, {"changed", changes_json(snapshot.changed_for_thread)}};
  return {{"schema", "fiberscope.show/1"},
          {"step", snapshot.step.value},
          {"steps", snapshot.steps.value},
          {"cpu", snapshot.cpu.value},
          {"next_cpu", snapshot.next_cpu ? Json(snapshot.next_cpu->value) : Json(nullptr)},
          {"cpus", std::move(cpus)},
          {"space", snapshot.space},
          {"thread", thread_id(snapshot.thread)},
          {"on_cpu", thread_id(snapshot.on_cpu)},
          {"instruction", instruction_json(snapshot.instruction)},
          {"next", instruction_json(snapshot.next)},
          {"caption", snapshot.caption.sentence},
          {"registers", registers_json(snapshot.registers)},
          {"flags", flags_json(snapshot.registers[Register::rflags])},
          {"changed", changes_json(snapshot.changed)},
          {"written", std::move(written)},
          {"accesses", accesses_json(snapshot.accesses)},
          {"next_accesses", accesses_json(snapshot.next_accesses)},
          {"switch", snapshot.switched ? to_json(*snapshot.switched) : Json(nullptr)},
          {"compared_with", std::move(compared)},
          {"rsp_thread", thread_id(snapshot.rsp_thread)},
          {"rbp_thread", thread_id(snapshot.rbp_thread)},
          {"threads", std::move(threads)},
          {"stacks", std::move(stacks)},
          {"lost_updates", lost_updates_json(snapshot.lost_updates)},
          {"events", std::move(events)},
          {"console", snapshot.console}};
}

}  // namespace fiberscope::core
