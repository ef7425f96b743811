/* The game of asm/ping_pong through a kernel that is guest code too (asm/kernel): passing the turn is a system call.
 * The players are tasks with two stacks each, one of the user and one of the kernel. */
#include "asm/kernel/kernel.h"
#include "asm/ping_pong/game.h"
#include "asm/runtime/switch_cost.h"

void pass_turn(void) {
  switches += 1;
  bytes_moved += KERNEL_FRAME_BYTES + SWITCH_ROUTINE_BYTES + KERNEL_FRAME_BYTES;
  system_call(SYSTEM_YIELD, 0);
}

static void* player_task(void* player) {
  return (void*)play(player);
}

int main(void) {
  begin_game();
  kernel_boot();
  kernel_create_task("ping", "ping's kernel", player_task, &ping_player);
  kernel_create_task("pong", "pong's kernel", player_task, &pong_player);
  kernel_run();
  return end_game();
}
