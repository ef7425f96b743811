/* The Linux API that note 004 names: makecontext builds a context with a stack of its own, swapcontext saves the
 * caller's context and goes on in another one. A parser asks for tokens, a lexer delivers them; each is a loop of its
 * own and keeps its place in it, which is what two stacks are good for. Where a context's function returns, its uc_link
 * goes on: the lexer's is the parser, the parser's is main. */
#include <ucontext.h>

#include "asm/runtime/console.h"
#include "asm/runtime/mapped_stack.h"
#include "asm/runtime/saved_rsp.h"
#include "asm/runtime/thread_table.h"

enum { STACK_SIZE = 0x4000 };

struct coroutine {
  ucontext_t context;
  struct tcb* block;
};

struct coroutine main_line = {.block = &thread_table[0]};
struct coroutine parser;
struct coroutine lexer;

/* What the lexer hands over: 'n' with its value, '+', '-', or '.' at the end. */
struct token {
  char kind;
  uint64_t value;
};

struct token token;
const char* source = "40+2-30+8.";

struct report {
  uint64_t result;
  uint64_t tokens;
};

struct report report PLATFORM_REPORT;

static void mark(struct coroutine* from, enum thread_state state, struct coroutine* to) {
  from->block->state = (uint8_t)state;
  to->block->state = THREAD_RUNNING;
}

/* Goes on in `to`; comes back when somebody goes on in `from`. */
static void thread_yield(struct coroutine* from, struct coroutine* to) {
  mark(from, THREAD_READY, to);
  note_saved_rsp(from->block);
  swapcontext(&from->context, &to->context);
}

static void give_token(char kind, uint64_t value) {
  token.kind = kind;
  token.value = value;
  report.tokens += 1;
  thread_yield(&lexer, &parser);
}

/* The digits at `from`, as one token; returns what is behind them. */
static const char* lex_number(const char* from) {
  uint64_t value = 0;
  const char* at = from;
  while (*at >= '0' && *at <= '9') value = 10 * value + (uint64_t)(*at++ - '0');
  give_token('n', value);
  return at;
}

static void run_lexer(void) {
  const char* at = source;
  while (*at != '.') {
    if (*at >= '0' && *at <= '9') {
      at = lex_number(at);
    } else {
      give_token(*at++, 0);
    }
  }
  token.kind = '.';
  report.tokens += 1;
  mark(&lexer, THREAD_FINISHED, &parser);
}

static char next_token(void) {
  thread_yield(&parser, &lexer);
  return token.kind;
}

static uint64_t parse_number(void) {
  next_token();
  print_number(token.value);
  return token.value;
}

static uint64_t parse_sum(void) {
  uint64_t sum = parse_number();
  char sign = next_token();
  while (sign != '.') {
    platform_put(&sign, 1);
    uint64_t number = parse_number();
    sum = sign == '+' ? sum + number : sum - number;
    sign = next_token();
  }
  return sum;
}

static void run_parser(void) {
  report.result = parse_sum();
  mark(&parser, THREAD_FINISHED, &main_line);
}

/* A context that runs `function` on a stack of its own and then goes on in `then`. */
static void make(struct coroutine* coroutine, const char* name, void (*function)(void), struct coroutine* then) {
  void* stack = map_stack(STACK_SIZE);
  if (stack == NULL || getcontext(&coroutine->context) != 0) platform_exit(2);
  coroutine->context.uc_stack.ss_sp = stack;
  coroutine->context.uc_stack.ss_size = STACK_SIZE;
  coroutine->context.uc_link = &then->context;
  makecontext(&coroutine->context, function, 0);
  coroutine->block = table_take(name, KIND_FIBER);
  coroutine->block->entry = (uint64_t)function;
  coroutine->block->saved_rsp = (uint64_t)coroutine->context.uc_mcontext.gregs[REG_RSP];
  coroutine->block->resume = (uint64_t)function;
  table_set_stack(coroutine->block, stack, STACK_SIZE);
  coroutine->block->state = THREAD_READY;
}

static void thread_start(struct coroutine* first) {
  mark(&main_line, THREAD_WAITING, first);
  note_saved_rsp(main_line.block);
  swapcontext(&main_line.context, &first->context);
}

int main(void) {
  make(&parser, "parser", run_parser, &main_line);
  make(&lexer, "lexer", run_lexer, &parser);
  thread_start(&parser);
  print(" = ");
  print_number(report.result);
  print("\n");
  return report.result == 20 && report.tokens == 8 ? 0 : 1;
}
