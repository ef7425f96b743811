// How tasks and processes are made, begin another program, and are waited for.
#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "emu/linux_calls.h"
#include "emu/linux_kernel.h"

namespace fiberscope::emu {
namespace {

constexpr std::uint64_t kExitSignal = 0xff;  // CSIGNAL
constexpr std::uint64_t kNamespaces =
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
constexpr std::size_t kMostText = 128 << 10;  // MAX_ARG_STRLEN

struct CloneRequest {
  std::uint64_t flags = 0;
  std::uint64_t stack = 0;
  Address parent_id;
  Address child_id;
  std::uint64_t thread_area = 0;
};

/// What clone refuses (copy_process of the kernel).
std::int64_t refusal(std::uint64_t flags, LinuxCall& call) {
  if ((flags & CLONE_THREAD) != 0 && (flags & CLONE_SIGHAND) == 0) {
    call.note = "CLONE_THREAD needs CLONE_SIGHAND";
    return -EINVAL;
  }
  if ((flags & CLONE_SIGHAND) != 0 && (flags & CLONE_VM) == 0) {
    call.note = "CLONE_SIGHAND needs CLONE_VM: a handler is an address";
    return -EINVAL;
  }
  if ((flags & (CLONE_FS | CLONE_NEWNS)) == (CLONE_FS | CLONE_NEWNS)) return -EINVAL;
  if ((flags & CLONE_PIDFD) != 0) {
    call.note = "descriptors of processes are not emulated";
    return -EINVAL;
  }
  if ((flags & kNamespaces) != 0) {
    call.note = "namespaces are not emulated";
    return -EPERM;
  }
  if ((flags & kExitSignal) > static_cast<std::uint64_t>(kSignals)) return -EINVAL;
  return 0;
}

std::int64_t clone_task(LinuxKernel& kernel, LinuxCall& call, const CloneRequest& request) {
  const std::uint64_t flags = request.flags;
  if (const std::int64_t refused = refusal(flags, call); refused != 0) return refused;
  if (kernel.tasks().all().size() >= linux_books::kMostTasks) {
    call.note = "the machine's table of tasks is full";
    return -EAGAIN;
  }
  LinuxTask& parent = kernel.current();
  std::shared_ptr<LinuxMemory> memory = parent.memory;
  if ((flags & CLONE_VM) == 0) {
    const auto number = kernel.next_space();
    if (number) memory = parent.memory->fork(*number);
    if (!number || memory == nullptr) {
      call.note = "the machine has no room for page tables";
      return -ENOMEM;
    }
  }
  LinuxTask& child = kernel.tasks().create(parent);
  child.clone_flags = flags;
  child.memory = memory;
  child.space = memory->number();
  child.files = parent.files;
  if ((flags & CLONE_FILES) == 0) child.files = std::make_shared<LinuxFiles>(parent.files->copy(kernel.next_files()));
  child.filesystem = parent.filesystem;
  if ((flags & CLONE_FS) == 0) {
    child.filesystem = std::make_shared<LinuxFilesystem>(*parent.filesystem);
    child.filesystem->number = kernel.next_filesystem();
  }
  child.handlers = parent.handlers;
  if ((flags & CLONE_SIGHAND) == 0) {
    child.handlers = std::make_shared<LinuxHandlers>(*parent.handlers);
    child.handlers->number = kernel.next_handlers();
  }
  if ((flags & (CLONE_VM | CLONE_VFORK)) != CLONE_VM) child.signal_stack = parent.signal_stack;
  if ((flags & CLONE_THREAD) == 0) {
    const bool sibling = (flags & CLONE_PARENT) != 0;
    const int exit_signal = sibling ? parent.group->exit_signal : static_cast<int>(flags & kExitSignal);
    kernel.add_process(child.id, sibling ? parent.group->parent : parent.process, exit_signal);
    child.process = child.id;
    child.group = kernel.processes().back();
  }
  child.registers = kernel.cpu().read_all();
  child.registers[Register::rax] = 0;
  if (request.stack != 0) {
    child.registers[Register::rsp] = request.stack;
    // C libraries leave two words for the child at the top.
    const Address page_end{(request.stack + kPageSize - 1) & ~(kPageSize - 1)};
    child.stack = memory->writable_run_below(page_end);
    child.stack.high = std::min(page_end, Address{request.stack + 16});
  }
  if ((flags & CLONE_SETTLS) != 0) child.registers[Register::fs_base] = request.thread_area;
  if ((flags & CLONE_CHILD_CLEARTID) != 0) child.clear_at_exit = request.child_id;
  if ((flags & CLONE_PARENT_SETTID) != 0) parent.memory->write_value(request.parent_id, child.id);
  if ((flags & CLONE_CHILD_SETTID) != 0) memory->write_value(request.child_id, child.id);
  if ((flags & CLONE_VFORK) != 0) {
    child.vfork_parent = parent.id;
    LinuxWait wait;
    wait.kind = LinuxWait::Kind::vfork;
    kernel.wait(call, std::move(wait));
    call.note = fmt::format("until task {} begins another program or ends", child.id);
  }
  return child.id;
}

std::int64_t do_clone(LinuxKernel& kernel, LinuxCall& call) {
  return clone_task(kernel, call, {call[0], call[1], call.address(2), call.address(3), call[4]});
}
std::int64_t do_fork(LinuxKernel& kernel, LinuxCall& call) {
  return clone_task(kernel, call, {SIGCHLD, 0, {}, {}, 0});
}
std::int64_t do_vfork(LinuxKernel& kernel, LinuxCall& call) {
  return clone_task(kernel, call, {CLONE_VFORK | CLONE_VM | SIGCHLD, 0, {}, {}, 0});
}
std::int64_t do_clone3(LinuxKernel&, LinuxCall& call) {
  call.note = "C libraries then use clone";
  return -ENOSYS;
}

// ---- another program ----

/// The texts of argv or envp. Null pointers are empty lists.
std::int64_t read_texts(const LinuxMemory& memory, Address list, std::vector<std::string>& texts) {
  if (list == Address{}) return 0;
  for (;; list = list + 8) {
    const auto at = memory.read_value<std::uint64_t>(list);
    if (!at) return -EFAULT;
    if (*at == 0) return 0;
    auto text = memory.read_text(Address{*at}, kMostText);
    if (!text) return -EFAULT;
    if (text->size() >= kMostText) return -E2BIG;
    texts.push_back(std::move(*text));
  }
}

std::int64_t execute(LinuxKernel& kernel, LinuxCall& call, Address path_at, Address arguments_at,
                     Address environment_at) {
  const LinuxMemory& old = kernel.memory();
  const auto path = old.read_text(path_at, 4096);
  if (!path) return -EFAULT;
  if (*path != "/proc/self/exe" && *path != "/" + kernel.program().name) {
    call.note = "the machine has no file system: the program itself is the only one";
    return -ENOENT;
  }
  ProgramStart start;
  start.file_name = *path;
  if (const std::int64_t failed = read_texts(old, arguments_at, start.arguments); failed != 0) return failed;
  if (const std::int64_t failed = read_texts(old, environment_at, start.environment); failed != 0) return failed;
  if (start.arguments.empty()) start.arguments.emplace_back();  // as Linux since 5.18
  const LinuxProgram& program = kernel.program();
  const FirstStack stack = make_first_stack(program, start);
  if (!stack.fits) return -E2BIG;
  const auto number = kernel.next_space();
  std::shared_ptr<LinuxMemory> memory;
  if (number) memory = LinuxMemory::execute(kernel.physical(), program, *number);
  if (memory == nullptr) {
    call.note = "the machine has no room for another address space";
    return -ENOMEM;
  }
  memory->write(stack.pointer, stack.bytes);

  kernel.end_other_tasks();
  LinuxTask& task = kernel.current();
  task.clear_at_exit = {};
  task.signal_stack = {};
  if (task.files.use_count() > 1) task.files = std::make_shared<LinuxFiles>(task.files->copy(kernel.next_files()));
  task.files->close_on_exec();
  auto handlers = std::make_shared<LinuxHandlers>();
  handlers->number = task.handlers.use_count() > 1 ? kernel.next_handlers() : task.handlers->number;
  for (std::size_t i = 0; i < handlers->actions.size(); ++i)
    if (task.handlers->actions[i].handler == 1) handlers->actions[i].handler = 1;  // what is ignored stays so
  task.handlers = std::move(handlers);
  kernel.replace_memory(std::move(memory), program);

  RegisterFile registers = kernel.cpu().read_all();
  for (std::size_t i = 0; i < kGeneralRegisters; ++i) registers[general_register(i)] = 0;
  reset_fpu_state(registers);
  registers[Register::rip] = program.entry.value;
  registers[Register::rsp] = stack.pointer.value;
  registers[Register::rflags] = 0x202;
  registers[Register::fs_base] = 0;
  registers[Register::gs_base] = 0;
  kernel.cpu().write_all(registers);
  call.effect = LinuxCall::Effect::gone;
  call.note = fmt::format("the program begins anew in address space {}", *number);
  return 0;
}

std::int64_t do_execve(LinuxKernel& kernel, LinuxCall& call) {
  return execute(kernel, call, call.address(0), call.address(1), call.address(2));
}
std::int64_t do_execveat(LinuxKernel& kernel, LinuxCall& call) {
  return execute(kernel, call, call.address(1), call.address(2), call.address(3));
}

// ---- waiting for them ----

struct ChildRequest {
  int which = -1;  ///< -1, 0: any one; else its id
  std::uint64_t options = 0;
};

bool is_child(const LinuxProcess& process, const LinuxProcess& parent, const ChildRequest& request) {
  if (process.parent != parent.id || process.state == LinuxProcess::State::reaped) return false;
  if (request.which > 0 && process.id != request.which) return false;
  if ((request.options & __WALL) != 0) return true;
  return (process.exit_signal != SIGCHLD) == ((request.options & __WCLONE) != 0);
}

/// The one that has ended, if any; `failure` is set where there is none to wait for.
std::shared_ptr<LinuxProcess> ended_child(LinuxKernel& kernel, const ChildRequest& request, std::int64_t& failure) {
  const LinuxProcess& parent = *kernel.current().group;
  failure = -ECHILD;
  for (const auto& process : kernel.processes()) {
    if (!is_child(*process, parent, request)) continue;
    failure = 0;
    if (process->state == LinuxProcess::State::zombie) return process;
  }
  return nullptr;
}

void wait_for_child(LinuxKernel& kernel, LinuxCall& call, const ChildRequest& request) {
  LinuxWait wait;
  wait.kind = LinuxWait::Kind::event;
  wait.restarts = true;
  const auto parent = kernel.current().group;
  wait.ready = [&kernel, parent, request] {
    bool any = false;
    for (const auto& process : kernel.processes()) {
      if (!is_child(*process, *parent, request)) continue;
      any = true;
      if (process->state == LinuxProcess::State::zombie) return true;
    }
    return !any;
  };
  kernel.wait(call, std::move(wait));
}

std::int64_t do_wait4(LinuxKernel& kernel, LinuxCall& call) {
  ChildRequest request;
  request.which = call.integer(0);
  request.options = call[2];
  constexpr std::uint64_t kKnown = WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL;
  if ((static_cast<std::uint32_t>(call[2]) & ~static_cast<std::uint32_t>(kKnown)) != 0) return -EINVAL;
  if (request.which < -1) request.which = -request.which == kernel.processes().front()->id ? -1 : INT32_MAX;
  std::int64_t failure = 0;
  const auto child = ended_child(kernel, request, failure);
  if (child == nullptr) {
    if (failure != 0 || (request.options & WNOHANG) != 0) return failure;
    wait_for_child(kernel, call, request);
    return 0;
  }
  if (call[1] != 0 && !kernel.memory().write_value(call.address(1), child->status)) return -EFAULT;
  if (call[3] != 0) {
    rusage usage;
    std::memset(&usage, 0, sizeof usage);
    if (!kernel.memory().write_value(call.address(3), usage)) return -EFAULT;
  }
  kernel.reap(*child);
  return child->id;
}

std::int64_t do_waitid(LinuxKernel& kernel, LinuxCall& call) {
  ChildRequest request;
  request.options = call[3];
  if ((call[3] & (WEXITED | WSTOPPED | WCONTINUED)) == 0) return -EINVAL;
  if (call[0] == P_PID) request.which = call.integer(1);
  if (call[0] == P_PID && request.which <= 0) return -EINVAL;
  if (call[0] != P_PID && call[0] != P_ALL && call[0] != P_PGID) return -EINVAL;
  std::int64_t failure = 0;
  const auto child = ended_child(kernel, request, failure);
  siginfo_t info;
  std::memset(&info, 0, sizeof info);
  if (child == nullptr) {
    if (failure != 0) return failure;
    if ((request.options & WNOHANG) == 0) {
      wait_for_child(kernel, call, request);
      return 0;
    }
  } else {
    info.si_signo = SIGCHLD;
    info.si_code = WIFEXITED(child->status) ? CLD_EXITED : CLD_KILLED;
    info.si_pid = child->id;
    info.si_uid = 1000;
    info.si_status = WIFEXITED(child->status) ? WEXITSTATUS(child->status) : WTERMSIG(child->status);
  }
  if (call[2] != 0 && !kernel.memory().write_value(call.address(2), info)) return -EFAULT;
  if (child != nullptr && (call[3] & WNOWAIT) == 0) kernel.reap(*child);
  return 0;
}

constexpr LinuxCallEntry kCalls[] = {{SYS_clone, "cpppp", do_clone}, {SYS_clone3, "pu", do_clone3},
                                     {SYS_fork, "", do_fork},        {SYS_vfork, "", do_vfork},
                                     {SYS_execve, "spp", do_execve}, {SYS_execveat, "aspp", do_execveat},
                                     {SYS_wait4, "dpxp", do_wait4},  {SYS_waitid, "ddpxp", do_waitid}};

}  // namespace

std::string clone_flags_text(std::uint64_t flags) {
  constexpr std::pair<std::uint64_t, const char*> kNames[] = {{CLONE_VFORK, "CLONE_VFORK"},
                                                              {CLONE_VM, "CLONE_VM"},
                                                              {CLONE_FS, "CLONE_FS"},
                                                              {CLONE_FILES, "CLONE_FILES"},
                                                              {CLONE_SIGHAND, "CLONE_SIGHAND"},
                                                              {CLONE_THREAD, "CLONE_THREAD"},
                                                              {CLONE_PARENT, "CLONE_PARENT"},
                                                              {CLONE_SYSVSEM, "CLONE_SYSVSEM"},
                                                              {CLONE_SETTLS, "CLONE_SETTLS"},
                                                              {CLONE_PARENT_SETTID, "CLONE_PARENT_SETTID"},
                                                              {CLONE_CHILD_SETTID, "CLONE_CHILD_SETTID"},
                                                              {CLONE_CHILD_CLEARTID, "CLONE_CHILD_CLEARTID"}};
  std::string text;
  std::uint64_t rest = flags & ~kExitSignal;
  const auto add = [&text](const std::string& name) { text += (text.empty() ? "" : " | ") + name; };
  for (const auto& [bit, name] : kNames) {
    if ((rest & bit) == 0) continue;
    add(name);
    rest &= ~bit;
  }
  if (rest != 0) add(fmt::format("{:#x}", rest));
  if ((flags & kExitSignal) != 0) add(signal_name(static_cast<int>(flags & kExitSignal)));
  return text.empty() ? "0" : text;
}

std::span<const LinuxCallEntry> linux_clone_calls() {
  return kCalls;
}

}  // namespace fiberscope::emu
