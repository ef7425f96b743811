#include "asm/ping_pong/game.h"

#include "asm/runtime/console.h"
#include "asm/runtime/platform.h"

struct player ping_player = {.sound = " ping"};
struct player pong_player = {.sound = " pong"};

uint64_t switches;
uint64_t bytes_moved;

struct report {
  uint64_t hits;
  uint64_t switches;
  uint64_t kernel_entries;
  uint64_t bytes_moved;
};

struct report report PLATFORM_REPORT;

static void hit_ball(struct player* player) {
  platform_put(player->sound, 5);
  player->hits += 1;
}

/* `register` keeps the count in rbx, so that each player has a value of its own in the same register. */
uint64_t play(struct player* player) {
  register uint64_t round = 0;
  while (round < ROUNDS) {
    hit_ball(player);
    pass_turn();
    round += 1;
  }
  return round;
}

void begin_game(void) {
  print("rally:");
}

int end_game(void) {
  print("\n");
  report.hits = ping_player.hits + pong_player.hits;
  report.switches = switches;
  report.kernel_entries = kernel_entries;
  report.bytes_moved = bytes_moved;
  return report.hits == 2 * ROUNDS ? 0 : 1;
}
