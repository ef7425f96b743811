#include "app/damage.h"

#include <imgui.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

namespace fiberscope::app {
namespace {

constexpr int kTile = 32;
constexpr std::size_t kMostAreas = 8;
// From here on one rectangle over everything is drawn as quickly.
constexpr double kMuch = 0.7;

std::uint64_t mixed(std::uint64_t hash, std::uint64_t word) {
  hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
  return hash ^ hash >> 29;
}

template <typename Part>
std::uint64_t bits(const Part& part) {
  static_assert(sizeof part <= sizeof(std::uint64_t));
  std::uint64_t word = 0;
  std::memcpy(&word, &part, sizeof part);
  return word;
}

std::uint64_t fingerprint(const ImDrawVert& vertex) {
  return mixed(mixed(mixed(1, bits(vertex.pos)), bits(vertex.uv)), vertex.col);
}

std::uint64_t fingerprint(const ImDrawCmd& command) {
  const ImVec4& clip = command.ClipRect;
  const std::uint64_t corners = mixed(bits(ImVec2(clip.x, clip.y)), bits(ImVec2(clip.z, clip.w)));
  return mixed(corners, bits(command.GetTexID()));
}

/// The pixels that the triangle can touch, as the display's coordinates; nothing where it is clipped away.
std::optional<Rect> extent(const ImVec2& a, const ImVec2& b, const ImVec2& c, const Rect& clip) {
  const Rect rect{std::max(clip.x0, std::floor(std::min({a.x, b.x, c.x}))),
                  std::max(clip.y0, std::floor(std::min({a.y, b.y, c.y}))),
                  std::min(clip.x1, std::ceil(std::max({a.x, b.x, c.x}))),
                  std::min(clip.y1, std::ceil(std::max({a.y, b.y, c.y})))};
  if (rect.width() <= 0 || rect.height() <= 0) return std::nullopt;
  return rect;
}

Rect intersect(const Rect& a, const Rect& b) {
  return {std::max(a.x0, b.x0), std::max(a.y0, b.y0), std::min(a.x1, b.x1), std::min(a.y1, b.y1)};
}

Rect unite(const Rect& a, const Rect& b) {
  return {std::min(a.x0, b.x0), std::min(a.y0, b.y0), std::max(a.x1, b.x1), std::max(a.y1, b.y1)};
}

float area_of(const Rect& rect) {
  return rect.width() * rect.height();
}

Rect clip_of(const ImDrawData& frame, const ImDrawCmd& command) {
  const ImVec2 at = frame.DisplayPos;
  const ImVec4& clip = command.ClipRect;
  return {clip.x - at.x, clip.y - at.y, clip.z - at.x, clip.w - at.y};
}

std::size_t index_of(int row, int column, int columns) {
  return static_cast<std::size_t>(row) * static_cast<std::size_t>(columns) + static_cast<std::size_t>(column);
}

std::vector<std::uint64_t> fingerprints(const ImDrawData& frame, const Rect& whole, int columns, int rows) {
  std::vector<std::uint64_t> tiles(static_cast<std::size_t>(columns) * static_cast<std::size_t>(rows), 1);
  std::vector<std::uint64_t> vertices;
  for (int l = 0; l < frame.CmdListsCount; ++l) {
    const ImDrawList& list = *frame.CmdLists[l];
    vertices.clear();
    for (const ImDrawVert& vertex : list.VtxBuffer) vertices.push_back(fingerprint(vertex));
    for (const ImDrawCmd& command : list.CmdBuffer) {
      const std::uint64_t start = fingerprint(command);
      const Rect clip = intersect(clip_of(frame, command), whole);
      for (unsigned i = 0; i + 2 < command.ElemCount; i += 3) {
        const ImDrawIdx* index = list.IdxBuffer.Data + command.IdxOffset + i;
        const auto corner = [&](int k) { return static_cast<int>(command.VtxOffset + index[k]); };
        const auto rect =
            extent(list.VtxBuffer[corner(0)].pos, list.VtxBuffer[corner(1)].pos, list.VtxBuffer[corner(2)].pos, clip);
        if (!rect) continue;
        std::uint64_t triangle = start;
        for (int k = 0; k < 3; ++k) triangle = mixed(triangle, vertices[static_cast<std::size_t>(corner(k))]);
        const int last_column = std::min(columns - 1, static_cast<int>(rect->x1 - 1) / kTile);
        const int last_row = std::min(rows - 1, static_cast<int>(rect->y1 - 1) / kTile);
        for (int row = static_cast<int>(rect->y0) / kTile; row <= last_row; ++row) {
          for (int column = static_cast<int>(rect->x0) / kTile; column <= last_column; ++column) {
            std::uint64_t& tile = tiles[index_of(row, column, columns)];
            tile = mixed(tile, triangle);
          }
        }
      }
    }
  }
  return tiles;
}

/// Joins rectangles that overlap, and, where there are too many, those that lose the least by it.
void join(std::vector<Rect>& areas) {
  for (;;) {
    std::size_t best_a = 0;
    std::size_t best_b = 0;
    float best = std::numeric_limits<float>::infinity();
    for (std::size_t a = 0; a < areas.size(); ++a) {
      for (std::size_t b = a + 1; b < areas.size(); ++b) {
        const float loss = areas[a].overlaps(areas[b])
                               ? -1
                               : area_of(unite(areas[a], areas[b])) - area_of(areas[a]) - area_of(areas[b]);
        if (loss >= best) continue;
        best = loss;
        best_a = a;
        best_b = b;
      }
    }
    if (best > 0 && areas.size() <= kMostAreas) return;
    areas[best_a] = unite(areas[best_a], areas[best_b]);
    areas.erase(areas.begin() + static_cast<std::ptrdiff_t>(best_b));
  }
}

}  // namespace

std::vector<Rect> Damage::compare(const ImDrawData& frame) {
  const Rect whole{0, 0, frame.DisplaySize.x, frame.DisplaySize.y};
  const int columns = (static_cast<int>(whole.x1) + kTile - 1) / kTile;
  const int rows = (static_cast<int>(whole.y1) + kTile - 1) / kTile;
  if (columns <= 0 || rows <= 0) return {};
  std::vector<std::uint64_t> tiles = fingerprints(frame, whole, columns, rows);
  tiles_.swap(tiles);
  const bool comparable = tiles.size() == tiles_.size() && columns == columns_ && rows == rows_;
  columns_ = columns;
  rows_ = rows;
  if (!comparable) return {whole};
  if (tiles == tiles_) return {};
  // Where the display's pixels are not ours, tiles would end inside of a pixel.
  if (frame.FramebufferScale.x != 1 || frame.FramebufferScale.y != 1) return {whole};

  std::vector<Rect> areas;
  std::size_t changed = 0;
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns;) {
      const auto differs = [&](int at) {
        const std::size_t tile = index_of(row, at, columns);
        return tiles[tile] != tiles_[tile];
      };
      int end = column;
      while (end < columns && differs(end)) ++end;
      if (end > column) {
        const auto pixels = [](int tile) { return static_cast<float>(tile * kTile); };
        const Rect run = intersect({pixels(column), pixels(row), pixels(end), pixels(row + 1)}, whole);
        changed += static_cast<std::size_t>(end - column);
        const auto above = std::find_if(areas.begin(), areas.end(), [&](const Rect& area) {
          return area.x0 == run.x0 && area.x1 == run.x1 && area.y1 == run.y0;
        });
        if (above != areas.end()) {
          above->y1 = run.y1;
        } else {
          areas.push_back(run);
        }
      }
      column = end + 1;
    }
  }
  if (static_cast<double>(changed) > kMuch * static_cast<double>(tiles_.size())) return {whole};
  join(areas);
  return areas;
}

void keep_only(ImDrawData& frame, const std::vector<Rect>& areas) {
  frame.TotalIdxCount = 0;
  for (int l = 0; l < frame.CmdListsCount; ++l) {
    ImDrawList& list = *frame.CmdLists[l];
    ImVector<ImDrawCmd> commands;
    ImVector<ImDrawIdx> indices;
    for (const Rect& area : areas) {
      for (const ImDrawCmd& command : list.CmdBuffer) {
        const Rect clip = intersect(clip_of(frame, command), area);
        if (clip.width() <= 0 || clip.height() <= 0) continue;
        const int first = indices.Size;
        for (unsigned i = 0; i + 2 < command.ElemCount; i += 3) {
          const ImDrawIdx* index = list.IdxBuffer.Data + command.IdxOffset + i;
          const auto at = [&](int k) { return list.VtxBuffer[static_cast<int>(command.VtxOffset + index[k])].pos; };
          if (!extent(at(0), at(1), at(2), clip)) continue;
          for (int k = 0; k < 3; ++k) indices.push_back(index[k]);
        }
        if (indices.Size == first) continue;
        const ImVec2 origin = frame.DisplayPos;
        ImDrawCmd part = command;
        part.ClipRect = {clip.x0 + origin.x, clip.y0 + origin.y, clip.x1 + origin.x, clip.y1 + origin.y};
        part.IdxOffset = static_cast<unsigned>(first);
        part.ElemCount = static_cast<unsigned>(indices.Size - first);
        commands.push_back(part);
      }
    }
    list.CmdBuffer.swap(commands);
    list.IdxBuffer.swap(indices);
    frame.TotalIdxCount += list.IdxBuffer.Size;
  }
}

}  // namespace fiberscope::app
