// A program beside this one: its two streams, its end, its signals.
#include "core/child_program.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <thread>

namespace fiberscope::core {
namespace {

std::unique_ptr<ChildProgram> shell(const std::string& script, ChildProgram::Options options = {}) {
  auto child = ChildProgram::start("sh", {"-c", script}, options);
  EXPECT_TRUE(child.ok());
  return std::move(child).value();
}

TEST(ChildProgram, IsWaitedForWithAllThatItWrites) {
  // More than a pipe holds, on both streams.
  const auto child = shell("i=0; while [ $i -lt 20000 ]; do echo out$i; echo err$i >&2; i=$((i+1)); done; exit 7");
  child->wait();
  EXPECT_TRUE(child->ended());
  EXPECT_EQ(child->code(), 7);
  EXPECT_EQ(child->output().substr(child->output().size() - 9), "out19999\n");
  EXPECT_EQ(child->messages().substr(child->messages().size() - 9), "err19999\n");
  EXPECT_FALSE(child->poll());
}

TEST(ChildProgram, HasOneStreamInItsOrderWhereThatIsAsked) {
  const auto child = shell("echo one; echo two >&2; echo three", {.one_stream = true});
  child->wait();
  EXPECT_EQ(child->output(), "one\ntwo\nthree\n");
  EXPECT_EQ(child->messages(), "");
}

TEST(ChildProgram, IsPolledWithoutWaiting) {
  const auto child = shell("echo ready; read line; sleep 60");
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (child->output().empty() && std::chrono::steady_clock::now() < end) {
    child->poll();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(child->output(), "ready\n");
  EXPECT_FALSE(child->ended()) << "it reads nothing, so it goes on at once to its sleep";
}

TEST(ChildProgram, IsStoppedByItsOwner) {
  const auto child = shell("exec sleep 60");
  child->interrupt();
  child->wait();
  EXPECT_EQ(child->code(), 128 + SIGINT);
}

TEST(ChildProgram, SharesTheGroupOnlyWhereThatIsAsked) {
  const auto group = [](ChildProgram::Group which) {
    const auto child = shell("read pid name state parent group rest < /proc/$$/stat; echo $group", {.group = which});
    child->wait();
    return std::stol(child->output());
  };
  EXPECT_EQ(group(ChildProgram::Group::shared), getpgrp());
  EXPECT_NE(group(ChildProgram::Group::own), getpgrp());
}

TEST(ChildProgram, SaysWhyItCannotBeStarted) {
  const auto missing = ChildProgram::start("no-such-program-anywhere", {}, {});
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().message, "No such file or directory");
}

}  // namespace
}  // namespace fiberscope::core
