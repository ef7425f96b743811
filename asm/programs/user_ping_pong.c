/* The game of asm/ping_pong with threads in user space: passing the turn is an ordinary call, thread_yield, and in the
 * end the sixteen instructions of switch_to_context. No kernel is entered, natively neither. */
#include "asm/ping_pong/game.h"
#include "asm/runtime/switch_cost.h"
#include "asm/runtime/thread.h"

uint64_t kernel_entries; /* stays 0 */

void pass_turn(void) {
  switches += 1;
  bytes_moved += SWITCH_ROUTINE_BYTES;
  thread_yield();
}

static void* player_thread(void* player) {
  return (void*)play(player);
}

int main(void) {
  begin_game();
  struct tcb* ping = thread_create("ping", player_thread, &ping_player, 1);
  struct tcb* pong = thread_create("pong", player_thread, &pong_player, 1);
  thread_join(ping);
  thread_join(pong);
  return end_game();
}
