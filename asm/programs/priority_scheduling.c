/* Three threads of different priority. The player (2) works and wakes the alarm (3), which runs at once each time; the
 * indexer (1) is ready from the beginning and gets the CPU when nobody else wants it any more. */
#include "asm/runtime/console.h"
#include "asm/runtime/platform.h"
#include "asm/runtime/thread.h"
#include "asm/scheduling/passed_over.h"
#include "asm/scheduling/scheduler.h"

enum { RINGS = 6, PAGES = 3 };

const uint32_t quantum = 0;

struct report {
  uint64_t indexer_passed_over;
  uint64_t player_passed_over;
  uint64_t alarm_passed_over;
};

struct report report PLATFORM_REPORT;

static void* ring_alarm(void* argument) {
  for (uint64_t ring = 0; ring < RINGS; ++ring) {
    thread_block();
    print(" alarm");
  }
  return argument;
}

static void* play_music(void* alarm) {
  for (uint64_t bar = 0; bar < RINGS; ++bar) {
    print(" player");
    thread_wake(alarm);
    thread_yield();
  }
  return NULL;
}

static void* index_pages(void* argument) {
  for (uint64_t page = 0; page < PAGES; ++page) {
    print(" indexer");
    thread_yield();
  }
  return argument;
}

int main(void) {
  print("order:");
  struct tcb* indexer = thread_create("indexer", index_pages, NULL, 1);
  struct tcb* alarm = thread_create("alarm", ring_alarm, NULL, 3);
  struct tcb* player = thread_create("player", play_music, alarm, 2);
  thread_join(indexer);
  thread_join(player);
  thread_join(alarm);
  report.indexer_passed_over = passed_over[indexer->id];
  report.player_passed_over = passed_over[player->id];
  report.alarm_passed_over = passed_over[alarm->id];
  print("\nready and passed over: indexer ");
  print_number(report.indexer_passed_over);
  print(", player ");
  print_number(report.player_passed_over);
  print(", alarm ");
  print_number(report.alarm_passed_over);
  print("\n");
  return 0;
}
