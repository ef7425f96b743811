#include <fmt/format.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <exception>
#include <iterator>
#include <optional>
#include <string_view>
#include <vector>

#include "core/builtin_files.h"
#include "core/pick_schedule.h"
#include "core/target.h"
#include "core/trace_file.h"
#include "core/worker.h"
#include "emu/added_lines.h"

namespace fiberscope::core {
namespace {

/// The engine reserves 1 GiB of address space for translations; two live while one is renewed.
constexpr rlim_t kAddressSpace = rlim_t{4} << 30;
constexpr rlim_t kAddressSpaceOfProcessor = rlim_t{1} << 30;  // of each but the first
constexpr rlim_t kCpuSeconds = 3600;

// Signal handlers reach the machine through this; set before they are installed.
std::atomic<emu::Machine*> running_machine{nullptr};
pid_t guest_thread = 0;

void stop_orderly(int) {
  if (emu::Machine* machine = running_machine.load()) machine->request_stop();
}

/// The engine calls abort() where it cannot translate an instruction. The step before it may have completed without its
/// effects being logged: log them, then die as before. Where another thread fails, the guest's is still at work.
void rescue_last_step(int signal_number) {
  emu::Machine* machine = running_machine.exchange(nullptr);
  if (machine != nullptr && gettid() == guest_thread) machine->cpu().rescue();
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

void install_handlers() {
  static std::vector<char> stack(SIGSTKSZ * 4);
  stack_t alternate{};
  alternate.ss_sp = stack.data();
  alternate.ss_size = stack.size();
  sigaltstack(&alternate, nullptr);
  struct sigaction action {};
  action.sa_handler = rescue_last_step;
  action.sa_flags = SA_ONSTACK;
  for (const int number : {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE}) sigaction(number, &action, nullptr);
  action.sa_handler = stop_orderly;
  for (const int number : {SIGTERM, SIGXCPU}) sigaction(number, &action, nullptr);
  // Ctrl-C and the end of a terminal go to the whole group; the parent decides.
  for (const int number : {SIGINT, SIGHUP}) signal(number, SIG_IGN);
  sigset_t held_back;
  sigemptyset(&held_back);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&held_back, number);
  pthread_sigmask(SIG_UNBLOCK, &held_back, nullptr);
}

void limit_resources() {
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
#if !defined(__SANITIZE_ADDRESS__)
  const rlimit address_space{kAddressSpace, kAddressSpace + (emu::kMaxProcessors - 1) * kAddressSpaceOfProcessor};
  setrlimit(RLIMIT_AS, &address_space);
#endif
  const rlimit cpu{kCpuSeconds, kCpuSeconds + 60};
  setrlimit(RLIMIT_CPU, &cpu);
}

/// For good, once it is known how many processors there will be.
void limit_address_space(unsigned processors) {
#if !defined(__SANITIZE_ADDRESS__)
  const rlim_t size = kAddressSpace + (processors - 1) * kAddressSpaceOfProcessor;
  const rlimit address_space{size, size};
  setrlimit(RLIMIT_AS, &address_space);
#else
  (void)processors;
#endif
}

/// From here on the process can do nothing but compute, and write the files that it has open or opens beside them.
bool enter_sandbox() {
#if defined(__SANITIZE_ADDRESS__)
  return true;
#else
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
  if (filter == nullptr) return false;
  constexpr int kAllowed[] = {SCMP_SYS(read),
                              SCMP_SYS(write),
                              SCMP_SYS(pread64),
                              SCMP_SYS(pwrite64),
                              SCMP_SYS(lseek),
                              SCMP_SYS(fstat),
                              SCMP_SYS(newfstatat),
                              SCMP_SYS(stat),
                              SCMP_SYS(lstat),
                              SCMP_SYS(openat),
                              SCMP_SYS(open),
                              SCMP_SYS(close),
                              SCMP_SYS(unlink),
                              SCMP_SYS(unlinkat),
                              SCMP_SYS(ftruncate),
                              SCMP_SYS(fcntl),
                              SCMP_SYS(fsync),
                              SCMP_SYS(fdatasync),
                              SCMP_SYS(fchown),
                              SCMP_SYS(fchmod),
                              SCMP_SYS(access),
                              SCMP_SYS(faccessat),
                              SCMP_SYS(faccessat2),
                              SCMP_SYS(getcwd),
                              SCMP_SYS(readlink),
                              SCMP_SYS(mmap),
                              SCMP_SYS(munmap),
                              SCMP_SYS(mprotect),
                              SCMP_SYS(mremap),
                              SCMP_SYS(madvise),
                              SCMP_SYS(brk),
                              SCMP_SYS(futex),
                              SCMP_SYS(rt_sigaction),
                              SCMP_SYS(rt_sigprocmask),
                              SCMP_SYS(rt_sigreturn),
                              SCMP_SYS(sigaltstack),
                              SCMP_SYS(clock_gettime),
                              SCMP_SYS(clock_nanosleep),
                              SCMP_SYS(nanosleep),
                              SCMP_SYS(gettimeofday),
                              SCMP_SYS(getpid),
                              SCMP_SYS(gettid),
                              SCMP_SYS(tgkill),
                              SCMP_SYS(exit),
                              SCMP_SYS(exit_group),
                              SCMP_SYS(geteuid),
                              SCMP_SYS(getuid),
                              SCMP_SYS(clone),
                              SCMP_SYS(clone3),
                              SCMP_SYS(set_robust_list),
                              SCMP_SYS(rseq),
                              SCMP_SYS(sched_yield),
                              SCMP_SYS(sched_getaffinity),
                              SCMP_SYS(prctl),
                              SCMP_SYS(prlimit64),
                              SCMP_SYS(getrandom),
                              SCMP_SYS(restart_syscall)};
  for (const int number : kAllowed) seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
  const bool loaded = seccomp_load(filter) == 0;
  seccomp_release(filter);
  return loaded;
#endif
}

std::map<std::string, std::string> sources_of(const emu::Image& image) {
  std::map<std::string, std::string> sources = emu::added_sources(image);
  const emu::DebugInfo debug(image);
  for (const std::string& path : debug.source_files()) {
    if (sources.contains(path)) continue;
    if (const auto text = builtin_text(path)) {
      sources[path] = *text;
      continue;
    }
    if (std::FILE* file = std::fopen(path.c_str(), "rb")) {
      std::string text;
      char piece[4096];
      for (std::size_t count; (count = std::fread(piece, 1, sizeof piece, file)) > 0;) text.append(piece, count);
      std::fclose(file);
      sources[path] = std::move(text);
    }
  }
  return sources;
}

/// The parent says it, where people look.
int give_up(WorkerMemory& memory, const std::string& message) {
  memory.message[message.copy(memory.message, WorkerMemory::kMessageSize - 1)] = '\0';
  return 2;
}

/// The trace ends where the guest asks: that is no limit that anybody set.
class QuestionSink final : public TraceSink {
 public:
  explicit QuestionSink(TraceSink& file) : file_(file) {}

  void append(TraceBatch batch) override { file_.append(std::move(batch)); }
  void idle() override { file_.idle(); }
  [[nodiscard]] std::uint64_t safe_chunks() const override { return file_.safe_chunks(); }
  void finish(const emu::Stop& stop) override {
    emu::Stop asks = stop;
    if (stop.reason == emu::Stop::Reason::limit) {
      asks.reason = emu::Stop::Reason::stopped;
      asks.message = "the guest's scheduler asks who runs next";
    }
    file_.finish(asks);
  }

 private:
  TraceSink& file_;
};

/// What a run under a schedule will do, tried before it is recorded.
struct Rehearsal {
  std::optional<std::uint64_t> asks_behind;  ///< steps before the first question without an answer
  std::string problem;
};

Rehearsal rehearse(const RunTarget& target, const std::vector<ThreadId>& picks, bool stop_at_question,
                   std::uint64_t max_steps) {
  auto machine = emu::Machine::boot(target.image, target.machine);
  if (!machine) return {{}, machine.error().message};
  ScheduledPicks scheduled(**machine, target.image, picks);
  if (stop_at_question) scheduled.stop_at_the_end();
  (*machine)->run(max_steps);
  if (scheduled.problem().empty() && scheduled.given() < picks.size())
    return {{},
            fmt::format("the guest asked {} times who runs next; the schedule has {} turns", scheduled.given(),
                        picks.size())};
  return {scheduled.asks_behind(), scheduled.problem()};
}

int record(const RecordRequest& request, WorkerMemory& memory) {
  const auto complain = [&](const std::string& message) { return give_up(memory, message); };
  auto target = resolve_target(request.target);
  if (!target) return complain(target.error().message);
  target->machine.arguments.insert(target->machine.arguments.end(), request.arguments.begin(), request.arguments.end());
  if (const auto chosen = choose(request.choice, *target); !chosen) return complain(chosen.error().message);
  limit_address_space(target->machine.processors);
  const std::string schedule =
      request.schedule.empty() && target->scenario ? target->scenario->run.schedule : request.schedule;
  const auto picks = take_schedule(*target, schedule);
  if (!picks) return complain(picks.error().message);
  std::map<std::string, std::string> meta = target->meta();
  if (!schedule.empty()) meta["schedule"] = schedule;
  auto machine = emu::Machine::boot(target->image, target->machine);
  if (!machine) return complain(machine.error().message);
  TraceHeader header = make_header(**machine, target->image, std::move(meta));
  header.sources = sources_of(target->image);
  std::uint64_t steps = request.max_steps > 0 ? request.max_steps : target->max_steps;
  const bool scheduled = !picks->empty() || request.stop_at_question;
  guest_thread = gettid();
  std::optional<std::uint64_t> question;
  const auto open_file = [&] { return TraceFileWriter::create(request.trace_path, header); };
  auto file = scheduled ? emu::Result<std::unique_ptr<TraceFileWriter>>(emu::Error{}) : open_file();
  if (!scheduled && !file) return complain(file.error().message);
  running_machine.store(machine->get());
  install_handlers();
  if (!enter_sandbox()) return complain("the recorder's sandbox could not be set up (seccomp)");
  std::optional<ScheduledPicks> answers;
  if (scheduled) {
    // A schedule that does not fit leaves no trace behind.
    const Rehearsal rehearsal = rehearse(*target, *picks, request.stop_at_question, steps);
    if (!rehearsal.problem.empty()) return complain(rehearsal.problem);
    if (request.stop_at_question) question = rehearsal.asks_behind;
    if (question) steps = std::min(steps, *question);
    file = open_file();
    if (!file) return complain(file.error().message);
    answers.emplace(**machine, target->image, *picks);
  }
  QuestionSink asking(**file);
  TraceSink& sink = question ? static_cast<TraceSink&>(asking) : **file;
  Recorder recorder(**machine, target->image, memory.ring, sink);
  recorder.run(steps);
  running_machine.store(nullptr);
  return 0;
}

}  // namespace

std::optional<int> run_as_worker(int argc, char** argv) {
  if (argc < 2 || std::string_view(argv[1]) != "__worker") return std::nullopt;
  const std::optional<RecordRequest> request = request_of({argv + 1, argv + argc});
  if (!request) {
    fmt::print(stderr, "fiberscope: `__worker` is started by fiberscope itself\n");
    return 2;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  limit_resources();
  void* shared = mmap(nullptr, sizeof(WorkerMemory), PROT_READ | PROT_WRITE, MAP_SHARED, WorkerMemory::kDescriptor, 0);
  if (shared == MAP_FAILED) {
    fmt::print(stderr, "fiberscope: the recorder finds no shared memory; `__worker` is started by fiberscope itself\n");
    return 2;
  }
  WorkerMemory& memory = *static_cast<WorkerMemory*>(shared);
  try {
    return record(*request, memory);
  } catch (const std::exception& error) {
    return give_up(memory, fmt::format("the recording failed: {}", error.what()));
  }
}

}  // namespace fiberscope::core
