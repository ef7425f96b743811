#include "core/export/jsonl_export.h"

#include <string>
#include <vector>

#include "core/event_names.h"
#include "core/export/record_walk.h"

namespace fiberscope::core {
namespace {

std::string_view kind_name(emu::RegionKind kind) {
  constexpr std::string_view kNames[] = {"code", "data", "stack", "tcb"};
  return kNames[static_cast<std::size_t>(kind)];
}

class JsonlWriter final : public RecordVisitor {
 public:
  JsonlWriter(Trace& trace, ExportStream& out) : trace_(trace), out_(out) {}

  void write_start() {
    const MachineState& state = trace_.state_at(StepIndex{0});
    out_.print(R"({{"kind":"start","schema":"{}","registers":{{)", kJsonlSchema);
    put_all_registers(state.registers);
    out_.put("}");
    put_other_processors(StepIndex{0});
    out_.put(R"(,"memory":[)");
    bool first = true;
    for (const emu::Region& region : state.memory.regions()) {
      out_.put(first ? "" : ",");
      first = false;
      put_region(region, state.memory.bytes_at(region.range.low));
    }
    out_.put(R"(],"threads":[)");
    first = true;
    for (const ThreadRecord& record : trace_.threads()) {
      out_.put(first ? "" : ",");
      first = false;
      put_thread(record);
    }
    out_.put(R"(],"meta":{)");
    first = true;
    for (const auto& [name, value] : trace_.header().meta) {
      out_.put(first ? "" : ",");
      first = false;
      out_.put_json(name);
      out_.put(":");
      out_.put_json(value);
    }
    out_.put("}}\n");
  }

  void on_step(const StepRecord& step) override {
    out_.print(R"({{"kind":"step","step":{},"thread":)", step.step.value);
    put_thread_id(step.thread);
    out_.print(R"(,"cpu":{},)", step.cpu.value);
    out_.put(instruction_fields(step));
    out_.put(R"(,"registers":{"rip":")");
    out_.put_word(step.rip);
    out_.put("\"");
    put_changes(step.registers, false);
    out_.put("}");
    put_memory(step.memory);
    out_.put("}\n");
  }

  void on_event(const MachineEvent& event) override {
    const ChunkEvent& what = event.record->event;
    out_.print(R"({{"kind":"event","step":{},"thread":)", what.step.value);
    put_thread_id(event.thread);
    out_.print(R"(,"cpu":{},"event":"{}","vector":{},"error_code":{},"rip":")", what.cpu.value, event_name(what.kind),
               what.vector, what.error_code);
    out_.put_word(what.rip_before.value);
    out_.put(R"(","text":)");
    out_.put_json(event.record->text);
    out_.put(R"(,"registers":{)");
    put_changes(event.registers, true);
    out_.put("}");
    put_memory(event.memory);
    out_.put("}\n");
  }

  void on_switch(const SwitchRecord& record) override {
    const Switch& entry = *record.entry;
    out_.print(R"({{"kind":"switch","step":{},"cpu":{},"from":)", entry.step.value, entry.cpu.value);
    put_thread_id(entry.from);
    out_.put(R"(,"to":)");
    put_thread_id(entry.to);
    out_.print(R"(,"reason":"{}","at":)", to_string(entry.reason));
    out_.put_json(entry.at);
    out_.put(R"(,"address":")");
    out_.put_word(entry.address.value);
    out_.put(R"(","from_rsp":")");
    out_.put_word(record.from_rsp);
    out_.put(R"(","to_rsp":")");
    out_.put_word(record.to_rsp);
    out_.put("\"}\n");
  }

  void on_output(const OutputRecord& output) override {
    out_.print(R"({{"kind":"output","step":{},"text":)", output.step.value);
    out_.put_json(output.bytes);
    out_.put(R"(,"bytes":")");
    out_.put_hex({reinterpret_cast<const std::uint8_t*>(output.bytes.data()), output.bytes.size()});
    out_.put("\"}\n");
  }

  void write_end() {
    out_.print(R"({{"kind":"end","steps":{},"exit":)", trace_.steps().value);
    if (const auto& stop = trace_.stop()) {
      out_.print(R"({{"reason":"{}","code":)", emu::to_string(stop->reason));
      if (stop->reason == emu::Stop::Reason::exited) {
        out_.print("{}", stop->code);
      } else {
        out_.put("null");
      }
      out_.put(R"(,"message":)");
      out_.put_json(stop->message);
      out_.put("}");
    } else {
      out_.put("null");
    }
    out_.put(R"(,"registers":{)");
    put_all_registers(trace_.state_at(trace_.steps(), CpuId{}).registers);
    out_.put("}");
    put_other_processors(trace_.steps());
    out_.put("}\n");
  }

 private:
  void put_thread_id(std::optional<ThreadId> thread) {
    if (thread) {
      out_.print("{}", thread->value);
    } else {
      out_.put("null");
    }
  }

  void put_register(std::size_t slot, std::uint64_t value, bool first) {
    out_.print(R"({}"{}":")", first ? "" : ",", emu::register_name(static_cast<emu::Register>(slot)));
    out_.put_word(value);
    out_.put("\"");
  }

  void put_all_registers(const emu::RegisterFile& registers) {
    for (std::size_t slot = 0; slot < emu::kRegisterSlots; ++slot) put_register(slot, registers.slots[slot], slot == 0);
  }

  void put_other_processors(StepIndex cursor) {
    if (trace_.processors() == 1) return;
    out_.put(R"(,"cpus":[)");
    for (std::uint16_t i = 1; i < trace_.processors(); ++i) {
      out_.print(R"({}{{"cpu":{},"registers":{{)", i == 1 ? "" : ",", i);
      put_all_registers(trace_.state_at(cursor, CpuId{i}).registers);
      out_.put("}}");
    }
    out_.put("]");
  }

  void put_changes(std::span<const RegisterChange> changes, bool first) {
    for (const RegisterChange& change : changes) {
      put_register(emu::slot(change.reg), change.new_value, first);
      first = false;
    }
  }

  void put_memory(std::span<const MemoryChange> changes) {
    out_.put(R"(,"memory":[)");
    for (const MemoryChange& change : changes) {
      out_.put(&change == changes.data() ? R"({"address":")" : R"(,{"address":")");
      out_.put_word(change.address.value);
      out_.print(R"(","size":{},"old":")", change.size);
      out_.put_word(change.old_value);
      out_.put(R"(","new":")");
      out_.put_word(change.new_value);
      if (change.physical != change.address) {
        out_.put(R"(","frame":")");
        out_.put_word(change.physical.value);
      }
      out_.put("\"}");
    }
    out_.put("]");
  }

  void put_region(const emu::Region& region, std::span<const std::uint8_t> bytes) {
    bytes = bytes.first(region.range.size());
    while (!bytes.empty() && bytes.back() == 0) bytes = bytes.first(bytes.size() - 1);
    out_.put(R"({"address":")");
    out_.put_word(region.range.low.value);
    out_.print(R"(","size":{},"name":{},"kind":"{}","rights":"{}{}{}","bytes":")", region.range.size(),
               json_string(region.name), kind_name(region.kind), region.readable ? "r" : "-",
               region.writable ? "w" : "-", region.executable ? "x" : "-");
    out_.put_hex(bytes);
    out_.put("\"}");
  }

  void put_thread(const ThreadRecord& record) {
    const Thread& thread = record.thread;
    out_.print(R"({{"id":{},"name":{},"kind":"{}","stack":{{"low":")", thread.id.value, json_string(thread.name),
               to_string(thread.kind));
    out_.put_word(thread.stack.low.value);
    out_.put(R"(","high":")");
    out_.put_word(thread.stack.high.value);
    out_.put(R"("},"tcb":")");
    out_.put_word(thread.tcb.value);
    out_.print(R"(","first_seen":{}}})", record.first_seen.value);
  }

  const std::string& instruction_fields(const StepRecord& step) {
    if (fields_.size() <= step.template_index) fields_.resize(trace_.templates().size());
    std::string& fields = fields_.at(step.template_index);
    if (!fields.empty()) return fields;
    const InstructionText& text = *step.instruction;
    fields = fmt::format(R"("address":"0x{:016x}","bytes":"{}","text":{},"symbol":{})", text.address.value, text.bytes,
                         json_string(text.text), text.symbol.empty() ? "null" : json_string(text.symbol));
    return fields;
  }

  Trace& trace_;
  ExportStream& out_;
  std::vector<std::string> fields_;  ///< by template
};

}  // namespace

void export_jsonl(Trace& trace, ExportStream& out) {
  JsonlWriter writer(trace, out);
  writer.write_start();
  walk_records(trace, writer);
  writer.write_end();
}

}  // namespace fiberscope::core
