#include "core/space_data.h"

#include <unordered_map>

#include "core/read_at.h"
#include "core/space_layout.h"
#include "core/trace.h"
#include "emu/linux_calls.h"

namespace fiberscope::core {
namespace {

/// How many tables of each level lead to the pages, which ascend: a table is met where its part of the address changes.
std::array<std::uint32_t, 4> tables_of(const std::vector<SpaceData::Page>& pages) {
  std::array<std::uint32_t, 4> tables{1, 0, 0, 0};
  for (std::size_t level = 1; level < tables.size(); ++level) {
    const unsigned shift = static_cast<unsigned>(12 + 9 * (4 - level));
    std::optional<std::uint64_t> last;
    for (const SpaceData::Page& page : pages) {
      if (page.page >> shift == last) continue;
      last = page.page >> shift;
      ++tables[level];
    }
  }
  return tables;
}

std::uint64_t page_of_text(const std::string& text) {
  const std::string::size_type at = text.find("0x");
  return at == std::string::npos ? 0 : std::stoull(text.substr(at), nullptr, 16);
}

std::uint32_t space_of_text(const std::string& text) {
  constexpr std::string_view kIn = "in space ";
  const std::string::size_type at = text.find(kIn);
  return at == std::string::npos ? 0 : static_cast<std::uint32_t>(std::stoul(text.substr(at + kIn.size())));
}

}  // namespace

std::optional<SpaceData> make_space_data(Trace& trace, StepIndex cursor) {
  const emu::Memory& memory = trace.state_at(cursor).memory;
  const auto layout = SpaceLayout::find(memory);
  if (!layout) return std::nullopt;
  SpaceData data;
  const emu::Address low = layout->kernel().low;
  const auto head = read_at<emu::LinuxBookHead>(memory, low);
  data.current = head.current;
  for (std::uint32_t i = 0; i < head.tasks && i < emu::linux_books::kMostTasks; ++i)
    data.tasks.push_back(
        read_at<emu::LinuxBookTask>(memory, low + emu::linux_books::kTasksAt + i * sizeof(emu::LinuxBookTask)));
  // The first one was there, each other is of clone, even where its flags are 0.
  for (const emu::LinuxBookTask& task : data.tasks)
    data.made_by.push_back(data.made_by.empty() ? std::string() : emu::clone_flags_text(task.clone_flags));
  std::unordered_map<std::uint64_t, std::uint32_t> users;
  for (std::uint32_t i = 0; i < head.spaces && i < emu::linux_books::kMostSpaces; ++i) {
    const auto book =
        read_at<emu::LinuxBookSpace>(memory, low + emu::linux_books::kSpacesAt + i * sizeof(emu::LinuxBookSpace));
    data.copies += book.copied;
    if (book.root == 0) continue;
    SpaceData::Space space;
    space.number = i;
    space.users = book.users;
    space.copied = book.copied;
    if (book.parent != 0) space.parent = book.parent - 1;
    const emu::Region* region = nullptr;
    layout->for_each_page(memory, i, [&](const SpaceLayout::Entry& entry) {
      const emu::Address address{entry.page};
      if (region == nullptr || !region->range.contains(address)) region = memory.region_at(address);
      const std::uint64_t frame = entry.entry & emu::page_entry::kFrame;
      space.pages.push_back({entry.page, frame, entry.entry, 0, region != nullptr ? region->name : std::string()});
      ++users[frame];
    });
    space.tables = tables_of(space.pages);
    data.spaces.push_back(std::move(space));
  }
  for (SpaceData::Space& space : data.spaces)
    for (SpaceData::Page& page : space.pages) page.users = users[page.frame];
  data.frames = static_cast<std::uint32_t>(users.size());
  for (const auto& [frame, count] : users) data.shared_frames += count > 1 ? 1 : 0;
  for (const EventRecord& record : trace.events()) {
    if (record.event.step > cursor) break;
    if (record.event.kind != emu::EventKind::page_copy) continue;
    data.last_copy = SpaceData::Copy{record.event.step, space_of_text(record.text), page_of_text(record.text),
                                     record.event.vector == 1, record.text};
  }
  return data;
}

}  // namespace fiberscope::core
