// The pictures as fields of fiberscope.explore/1, and back. Steps of an execution and of a schedule count from 1 there.
#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/explore/pictures.h"

namespace fiberscope::core::explore {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<const char*, 4> kKinds = {"read", "write", "buffered write", "forwarded read"};

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}
Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}
std::string text_of(const Json& value) {
  return value.is_null() ? std::string() : value.get<std::string>();
}
Json address_or_null(std::uint64_t address) {
  return address == 0 ? Json(nullptr) : Json(fmt::format("0x{:016x}", address));
}
std::uint64_t address_of(const Json& value) {
  return value.is_null() ? 0 : std::strtoull(value.get<std::string>().c_str(), nullptr, 16);
}

Json step_json(const ExecutedStep& step) {
  Json touches = Json::array();
  for (const Touch& touch : step.touches)
    touches.push_back({{"variable", touch.variable},
                       {"kind", kKinds[static_cast<std::size_t>(touch.kind)]},
                       {"address", fmt::format("0x{:016x}", touch.address)},
                       {"size", touch.size},
                       {"sync", touch.is_sync},
                       {"constant", touch.is_constant},
                       {"value", or_null(touch.value)}});
  return {{"thread", step.thread + 1},
          {"drain", step.drain},
          {"address", address_or_null(step.rip)},
          {"instruction", text_or_null(step.text)},
          {"source", text_or_null(step.source)},
          {"accesses", std::move(touches)}};
}

ExecutedStep step_of(const Json& from) {
  ExecutedStep step;
  step.thread = from.at("thread").get<std::size_t>() - 1;
  step.drain = from.at("drain").get<bool>();
  step.rip = address_of(from.at("address"));
  step.text = text_of(from.at("instruction"));
  step.source = text_of(from.at("source"));
  for (const Json& access : from.at("accesses")) {
    Touch touch;
    const auto kind = access.at("kind").get<std::string>();
    for (std::size_t i = 0; i < kKinds.size(); ++i)
      if (kind == kKinds[i]) touch.kind = static_cast<Touch::Kind>(i);
    touch.variable = access.at("variable").get<std::string>();
    touch.address = address_of(access.at("address"));
    touch.size = access.at("size").get<std::uint32_t>();
    touch.is_sync = access.at("sync").get<bool>();
    touch.is_constant = access.at("constant").get<bool>();
    if (!access.at("value").is_null()) touch.value = access.at("value").get<std::int64_t>();
    step.touches.push_back(std::move(touch));
  }
  return step;
}

Json progress_json(const ProgressGraph& graph) {
  Json texts = Json::array();
  for (const auto& thread : graph.texts) {
    texts.push_back(Json::array());
    for (const std::string& text : thread) texts.back().push_back(text_or_null(text));
  }
  Json points = Json::array();
  for (std::uint32_t second = 0; second <= graph.steps[1]; ++second) {
    points.push_back(Json::array());
    for (std::uint32_t first = 0; first <= graph.steps[0]; ++first)
      points.back().push_back(or_null(graph.points[graph.place({first, second})]));
  }
  Json places = nullptr;
  if (graph.loops()) {
    places = Json::array({Json::array(), Json::array()});
    for (std::size_t i = 0; i < 2; ++i)
      for (const std::uint64_t place : graph.places[i]) places[i].push_back(address_or_null(place));
  }
  return {{"body_steps", graph.loops() ? Json(nullptr) : Json(graph.steps)},
          {"places", std::move(places)},
          {"start", {graph.start.first, graph.start.second}},
          {"instructions", std::move(texts)},
          {"outcome_sets", graph.sets},
          {"points", std::move(points)}};
}

ProgressGraph progress_of(const Json& from) {
  ProgressGraph graph;
  if (from.at("places").is_null()) {
    graph.steps = from.at("body_steps").get<std::array<std::uint32_t, 2>>();
  } else {
    for (std::size_t i = 0; i < 2; ++i) {
      for (const Json& place : from.at("places").at(i)) graph.places[i].push_back(address_of(place));
      graph.steps[i] = static_cast<std::uint32_t>(graph.places[i].size());
    }
  }
  graph.start = {from.at("start").at(0).get<std::uint32_t>(), from.at("start").at(1).get<std::uint32_t>()};
  for (std::size_t i = 0; i < 2; ++i)
    for (const Json& text : from.at("instructions").at(i)) graph.texts[i].push_back(text_of(text));
  graph.sets = from.at("outcome_sets").get<std::vector<std::vector<std::uint32_t>>>();
  for (const Json& row : from.at("points"))
    for (const Json& point : row)
      graph.points.push_back(point.is_null() ? std::nullopt : std::optional(point.get<std::uint32_t>()));
  return graph;
}

Json states_json(const StateMap& map) {
  Json all = {{"states", map.states},
              {"threads", map.threads},
              {"drawable", map.drawable()},
              {"store_buffers", map.has_buffers},
              {"variables", map.variables},
              {"steps", nullptr},
              {"nodes", nullptr}};
  if (map.nodes.empty()) return all;
  all["steps"] = Json::array();
  for (const ExecutedStep& step : map.steps) all["steps"].push_back(step_json(step));
  all["nodes"] = Json::array();
  for (const StateMap::Node& node : map.nodes) {
    Json rips = Json::array();
    for (const auto& rip : node.rips) rips.push_back(rip ? Json(fmt::format("0x{:016x}", *rip)) : Json(nullptr));
    Json moves = Json::array();
    for (const StateMap::Move& move : node.moves)
      moves.push_back({{"action", move.action}, {"to", move.to}, {"step", move.step}});
    all["nodes"].push_back({{"values", node.values},
                            {"rip", std::move(rips)},
                            {"buffers", node.buffers},
                            {"depth", node.depth},
                            {"outcome", node.outcome == 0 ? Json(nullptr) : Json(node.outcome)},
                            {"deadlock", node.deadlock},
                            {"moves", std::move(moves)}});
  }
  return all;
}

StateMap states_of(const Json& from) {
  StateMap map;
  map.states = from.at("states").get<std::uint64_t>();
  map.threads = from.at("threads").get<std::size_t>();
  map.has_buffers = from.at("store_buffers").get<bool>();
  map.variables = from.at("variables").get<std::vector<std::string>>();
  if (from.at("nodes").is_null()) return map;
  for (const Json& step : from.at("steps")) map.steps.push_back(step_of(step));
  for (const Json& one : from.at("nodes")) {
    StateMap::Node node;
    node.values = one.at("values").get<std::vector<std::int64_t>>();
    for (const Json& rip : one.at("rip"))
      node.rips.push_back(rip.is_null() ? std::nullopt : std::optional(address_of(rip)));
    node.buffers = one.at("buffers").get<std::vector<std::string>>();
    node.depth = one.at("depth").get<std::uint32_t>();
    if (!one.at("outcome").is_null()) node.outcome = one.at("outcome").get<std::uint32_t>();
    node.deadlock = one.at("deadlock").get<bool>();
    for (const Json& move : one.at("moves"))
      node.moves.push_back({move.at("action").get<std::uint8_t>(), move.at("to").get<std::uint32_t>(),
                            move.at("step").get<std::uint32_t>()});
    map.nodes.push_back(std::move(node));
  }
  return map;
}

}  // namespace

Json execution_json(const ExecutionPicture& picture) {
  Json all = {{"outcome", picture.outcome == 0 ? Json(nullptr) : Json(picture.outcome)},
              {"schedule", picture.schedule},
              {"threads", picture.threads}};
  for (const char* list : {"steps", "conflicts", "reads_from", "lost_updates"}) all[list] = Json::array();
  for (const ExecutedStep& step : picture.steps) all["steps"].push_back(step_json(step));
  for (const auto& arrow : picture.arrows)
    all["conflicts"].push_back({{"from", arrow.from + 1}, {"to", arrow.to + 1}, {"variable", arrow.variable}});
  for (const auto& read : picture.reads_from)
    all["reads_from"].push_back({{"read", read.read + 1},
                                 {"write", read.write ? Json(*read.write + 1) : Json(nullptr)},
                                 {"variable", read.variable}});
  for (const auto& lost : picture.lost_updates)
    all["lost_updates"].push_back(
        {{"variable", lost.variable}, {"load", lost.load + 1}, {"lost", lost.lost + 1}, {"store", lost.store + 1}});
  return all;
}

ExecutionPicture execution_of(const Json& from) {
  ExecutionPicture picture;
  if (!from.at("outcome").is_null()) picture.outcome = from.at("outcome").get<std::uint32_t>();
  picture.schedule = from.at("schedule").get<std::string>();
  picture.threads = from.at("threads").get<std::size_t>();
  const auto place = [](const Json& number) { return number.get<std::size_t>() - 1; };
  for (const Json& step : from.at("steps")) picture.steps.push_back(step_of(step));
  for (const Json& arrow : from.at("conflicts"))
    picture.arrows.push_back({place(arrow.at("from")), place(arrow.at("to")), arrow.at("variable").get<std::string>()});
  for (const Json& read : from.at("reads_from"))
    picture.reads_from.push_back({place(read.at("read")),
                                  read.at("write").is_null() ? std::nullopt : std::optional(place(read.at("write"))),
                                  read.at("variable").get<std::string>()});
  for (const Json& lost : from.at("lost_updates"))
    picture.lost_updates.push_back({place(lost.at("load")), place(lost.at("lost")), place(lost.at("store")),
                                    lost.at("variable").get<std::string>()});
  return picture;
}

void put_pictures(Json& all, const std::optional<Pictures>& pictures) {
  all["progress_graph"] = nullptr;
  all["state_graph"] = nullptr;
  all["executions_drawn"] = nullptr;
  if (!pictures) return;
  if (pictures->progress) all["progress_graph"] = progress_json(*pictures->progress);
  all["state_graph"] = states_json(pictures->states);
  all["executions_drawn"] = Json::array();
  for (const ExecutionPicture& picture : pictures->executions)
    all["executions_drawn"].push_back(execution_json(picture));
}

std::optional<Pictures> take_pictures(const Json& all) {
  if (all.at("state_graph").is_null()) return std::nullopt;
  Pictures pictures;
  if (!all.at("progress_graph").is_null()) pictures.progress = progress_of(all.at("progress_graph"));
  pictures.states = states_of(all.at("state_graph"));
  for (const Json& one : all.at("executions_drawn")) pictures.executions.push_back(execution_of(one));
  return pictures;
}

}  // namespace fiberscope::core::explore
