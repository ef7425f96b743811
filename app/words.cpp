#include "app/words.h"

#include <array>

namespace fiberscope::app {
namespace {

struct Entry {
  Word word;
  std::array<const char*, kLanguages> text;
};

// clang-format off
constexpr Entry kEntries[] = {
    {Word::code, {"Code", "Código", "Code", "代码"}},
    {Word::stacks, {"Stacks", "Pilas", "Piles", "栈"}},
    {Word::registers, {"Registers", "Registros", "Registres", "寄存器"}},
    {Word::threads, {"Threads", "Hilos", "Threads", "线程"}},
    {Word::saved_rsp, {"saved rsp", "rsp guardado", "rsp sauvé", "保存的 rsp"}},
    {Word::callee_saved, {"callee-saved", "callee-saved", "callee-saved", "被调用者保存"}},
    {Word::speed, {"Speed", "Ritmo", "Vitesse", "速度"}},
    {Word::steps_per_second, {"steps/s", "pasos/s", "pas/s", "步/秒"}},
    {Word::step, {"Step", "Paso", "Pas", "步"}},
    {Word::dark, {"Dark", "Oscuro", "Sombre", "深色"}},
    {Word::light, {"Light", "Claro", "Clair", "浅色"}},
    {Word::just_ran, {"just ran", "ejecutada", "exécutée", "刚执行"}},
    {Word::high_addresses, {"high addresses", "direcciones altas", "adresses hautes", "高地址"}},
    {Word::low_addresses, {"low addresses", "direcciones bajas", "adresses basses", "低地址"}},
    {Word::end_of_chain, {"end of chain", "fin de la cadena", "fin de chaîne", "链的末端"}},
    {Word::never_written, {"never written", "nunca escrita", "jamais écrite", "从未写入"}},
    {Word::was, {"was", "era", "avant", "原为"}},
    {Word::since_n, {"changed since step {}", "cambios desde el paso {}", "changés depuis le pas {}", "自第 {} 步以来的变化"}},
    {Word::popped, {"below rsp", "bajo rsp", "sous rsp", "rsp 之下"}},
    {Word::reads, {"reads", "lee", "lit", "读"}},
    {Word::writes, {"writes", "escribe", "écrit", "写"}},
    {Word::folded_frames_n, {"outer frames folded: {}", "marcos exteriores plegados: {}", "cadres extérieurs repliés : {}", "已折叠外层栈帧：{}"}},
    {Word::folded_cells_n, {"cells folded: {}", "celdas plegadas: {}", "cases repliées : {}", "已折叠单元：{}"}},
    {Word::untouched_n, {"{} cells never touched", "{} celdas sin tocar", "{} cases jamais touchées", "{} 个单元从未使用"}},
    {Word::fold, {"fold", "plegar", "replier", "折叠"}},
    {Word::chain_entry, {"chain ends at the thread's entry", "la cadena acaba en la entrada del hilo", "la chaîne finit à l'entrée du thread", "链止于线程入口"}},
    {Word::chain_forged, {"chain ends in a first frame built by hand", "la cadena acaba en un primer marco hecho a mano", "la chaîne finit dans un premier cadre fait à la main", "链止于手工构造的首个栈帧"}},
    {Word::chain_unknown, {"the chain could not be followed further", "la cadena no se pudo seguir más", "la chaîne n'a pu être suivie plus loin", "无法继续跟踪该链"}},
    {Word::on_cpu, {"on CPU", "en CPU", "sur CPU", "占用 CPU"}},
    {Word::no_thread, {"no thread", "ningún hilo", "aucun thread", "无线程"}},
    {Word::no_code, {"No code at rip", "No hay código en rip", "Pas de code à rip", "rip 处没有代码"}},
    {Word::no_stack, {"No stack yet", "Aún no hay pila", "Pas encore de pile", "尚无栈"}},
    {Word::start_sentence, {"The start: nothing has run yet. Space plays, → runs one step.", "El comienzo: aún no se ha ejecutado nada. Espacio reproduce, → da un paso.", "Le début : rien n'a encore tourné. Espace lance, → fait un pas.", "起点：尚未执行任何指令。空格播放，→ 走一步。"}},
    {Word::not_started, {"start", "inicio", "début", "起点"}},
    {Word::recording, {"recording…", "grabando…", "enregistrement…", "正在记录…"}},
    {Word::past, {"PAST", "PASADO", "PASSÉ", "过去"}},
    {Word::behind_n, {"{} steps behind", "{} pasos atrás", "{} pas en arrière", "落后 {} 步"}},
    {Word::ended, {"end of the run", "fin de la ejecución", "fin de l'exécution", "运行结束"}},
    {Word::follow, {"follow", "seguir", "suivre", "跟随"}},
    {Word::console, {"console", "consola", "console", "控制台"}},
    {Word::state_unused, {"UNUSED", "SIN USO", "INUTILISÉ", "未用"}},
    {Word::state_init, {"INIT", "INICIO", "CRÉÉ", "新建"}},
    {Word::state_ready, {"READY", "LISTO", "PRÊT", "就绪"}},
    {Word::state_running, {"RUNNING", "EN CURSO", "EN COURS", "运行"}},
    {Word::state_waiting, {"WAITING", "EN ESPERA", "EN ATTENTE", "等待"}},
    {Word::state_finished, {"FINISHED", "ACABADO", "TERMINÉ", "结束"}},
    {Word::reason_start, {"first run of a thread", "primera vez del hilo", "première fois du thread", "线程首次运行"}},
    {Word::reason_yield, {"yield: gave up the CPU", "yield: cedió la CPU", "yield : a cédé le CPU", "yield：主动让出 CPU"}},
    {Word::reason_block, {"blocked: had to wait", "bloqueo: tuvo que esperar", "blocage : a dû attendre", "阻塞：需要等待"}},
    {Word::reason_wake, {"woke another thread", "despertó a otro hilo", "a réveillé un autre thread", "唤醒了另一个线程"}},
    {Word::reason_exit, {"exit: the thread ended", "exit: el hilo terminó", "exit : le thread a fini", "exit：线程结束"}},
    {Word::reason_timer, {"timer interrupt", "interrupción del reloj", "interruption d'horloge", "时钟中断"}},
    {Word::reason_signal, {"signal", "señal", "signal", "信号"}},
    {Word::reason_kernel, {"the kernel decided", "lo decidió el núcleo", "décision du noyau", "内核决定"}},
    {Word::reason_unknown, {"reason not known", "motivo desconocido", "raison inconnue", "原因未知"}},
    {Word::tip_last_write, {"click: the step that wrote it", "clic: el paso que lo escribió", "clic : le pas qui l'a écrit", "点击：写入它的步骤"}},
    {Word::tip_never_written, {"no step wrote it", "ningún paso lo escribió", "aucun pas ne l'a écrit", "没有步骤写入过它"}},
    {Word::tip_go_to_code, {"click: its code", "clic: su código", "clic : son code", "点击：对应代码"}},
    {Word::tip_to_live_code, {"click: back to the instruction at rip", "clic: volver a la instrucción en rip", "clic : revenir à l'instruction à rip", "点击：回到 rip 处的指令"}},
    {Word::tip_fold, {"click: fold the outer frames", "clic: plegar los marcos exteriores", "clic : replier les cadres extérieurs", "点击：折叠外层栈帧"}},
    {Word::tip_unfold, {"click: show all, then scroll with the wheel", "clic: mostrar todo y desplazar con la rueda", "clic : tout montrer, puis défiler à la molette", "点击：全部显示，可用滚轮滚动"}},
    {Word::tip_pin, {"click: keep this stack in view", "clic: mantener esta pila a la vista", "clic : garder cette pile en vue", "点击：固定显示此栈"}},
    {Word::tip_control_block, {"click: its control block", "clic: su bloque de control", "clic : son bloc de contrôle", "点击：线程控制块"}},
    {Word::tip_switch, {"click: go to this switch", "clic: ir a este cambio", "clic : aller à ce changement", "点击：转到此切换"}},
    {Word::tip_owner_n, {"value of {}", "valor de {}", "valeur de {}", "{} 的值"}},
    {Word::tip_syntax, {"click: Intel or AT&T syntax", "clic: sintaxis Intel o AT&T", "clic : syntaxe Intel ou AT&T", "点击：Intel 或 AT&T 语法"}},
    {Word::tip_restart, {"to the start (Home)", "al comienzo (Inicio)", "au début (Début)", "回到起点 (Home)"}},
    {Word::tip_back, {"one step back (←)", "un paso atrás (←)", "un pas en arrière (←)", "后退一步 (←)"}},
    {Word::tip_play, {"play or pause (Space)", "reproducir o pausar (Espacio)", "lecture ou pause (Espace)", "播放或暂停（空格）"}},
    {Word::tip_forward, {"one step forward (→)", "un paso adelante (→)", "un pas en avant (→)", "前进一步 (→)"}},
    {Word::tip_previous_switch, {"previous switch (P)", "cambio anterior (P)", "changement précédent (P)", "上一次切换 (P)"}},
    {Word::tip_next_switch, {"next switch (N)", "cambio siguiente (N)", "changement suivant (N)", "下一次切换 (N)"}},
    {Word::tip_speed, {"steps a second (, and .)", "pasos por segundo (, y .)", "pas par seconde (, et .)", "每秒步数（, 和 .）"}},
    {Word::tip_theme, {"dark or light (T)", "oscuro o claro (T)", "sombre ou clair (T)", "深色或浅色 (T)"}},
    {Word::tip_timeline, {"drag: move in time; wheel: zoom", "arrastrar: moverse en el tiempo; rueda: zoom", "glisser : se déplacer ; molette : zoom", "拖动：移动；滚轮：缩放"}},
    {Word::control_block, {"Thread control block", "Bloque de control del hilo", "Bloc de contrôle du thread", "线程控制块"}},
    {Word::close, {"Close (Esc)", "Cerrar (Esc)", "Fermer (Échap)", "关闭 (Esc)"}},
    {Word::help_title, {"Keys", "Teclas", "Touches", "按键"}},
    {Word::help_play, {"play, pause", "reproducir, pausar", "lecture, pause", "播放、暂停"}},
    {Word::help_step, {"one step back, forward", "un paso atrás, adelante", "un pas en arrière, en avant", "后退、前进一步"}},
    {Word::help_long_step, {"ten steps back, forward", "diez pasos atrás, adelante", "dix pas en arrière, en avant", "后退、前进十步"}},
    {Word::help_switch, {"next, previous switch", "cambio siguiente, anterior", "changement suivant, précédent", "下一次、上一次切换"}},
    {Word::help_ends, {"start, end", "comienzo, fin", "début, fin", "起点、终点"}},
    {Word::help_speed, {"slower, faster", "más lento, más rápido", "plus lent, plus vite", "减速、加速"}},
    {Word::help_focus, {"focus: only code and stacks, larger", "foco: solo código y pilas, más grandes", "focus : code et piles seuls, plus grands", "专注：仅放大代码和栈"}},
    {Word::help_theme, {"dark, light", "oscuro, claro", "sombre, clair", "深色、浅色"}},
    {Word::help_syntax, {"Intel, AT&T syntax", "sintaxis Intel, AT&T", "syntaxe Intel, AT&T", "Intel、AT&T 语法"}},
    {Word::help_go_to, {"go to step", "ir a un paso", "aller à un pas", "转到某步"}},
    {Word::help_find, {"find a function, symbol or instruction", "buscar función, símbolo o instrucción", "chercher fonction, symbole ou instruction", "查找函数、符号或指令"}},
    {Word::help_thread, {"keep that thread's stack in view", "mantener a la vista la pila de ese hilo", "garder en vue la pile de ce thread", "固定显示该线程的栈"}},
    {Word::help_picture, {"save a picture", "guardar una imagen", "enregistrer une image", "保存图片"}},
    {Word::help_quit, {"quit", "salir", "quitter", "退出"}},
    {Word::help_scale, {"larger, smaller, normal", "más grande, más pequeño, normal", "plus grand, plus petit, normal", "放大、缩小、还原"}},
    {Word::help_motion, {"reduce motion", "reducir movimiento", "réduire les animations", "减少动画"}},
    {Word::help_help, {"this help", "esta ayuda", "cette aide", "本帮助"}},
    {Word::help_click, {"Click a cell, register, return address, thread or switch to see where it came from.", "Clic en una celda, registro, dirección de retorno, hilo o cambio para ver su origen.", "Cliquez une case, un registre, une adresse de retour, un thread ou un changement pour voir d'où il vient.", "点击单元、寄存器、返回地址、线程或切换，查看其来源。"}},
    {Word::help_choose, {"choose the order: who runs next, wherever the guest asks (0 … 9, U takes back)", "elegir el orden: quién sigue, cada vez que el programa pregunta (0 … 9, U deshace)", "choisir l'ordre : qui suit, à chaque question du programme (0 … 9, U annule)", "选择顺序：程序每次询问时由您决定（0 … 9，U 撤销）"}},
    {Word::tip_choose, {"choose the order by hand  (O)", "elegir el orden a mano  (O)", "choisir l'ordre à la main  (O)", "手动选择顺序  (O)"}},
    {Word::choose_title, {"Choose the order", "Elegir el orden", "Choisir l'ordre", "选择顺序"}},
    {Word::choose_ask, {"Who runs next?", "¿Quién sigue?", "Qui suit ?", "下一个是谁？"}},
    {Word::choose_over, {"The run is over", "La ejecución acabó", "L'exécution est finie", "运行结束"}},
    {Word::choose_turns, {"turns", "turnos", "tours", "轮次"}},
    {Word::choose_no_turn, {"none yet", "ninguno aún", "aucun encore", "尚无"}},
    {Word::choose_undo, {"take the last turn back  (U)", "deshacer el último turno  (U)", "annuler le dernier tour  (U)", "撤销上一轮  (U)"}},
    {Word::choose_leave, {"back to the run as it was  (O)", "volver a la ejecución original  (O)", "retour à l'exécution d'origine  (O)", "回到原来的运行  (O)"}},
    {Word::choose_repeat, {"the same order again:", "el mismo orden otra vez:", "le même ordre encore :", "重复此顺序："}},
    {Word::choose_nobody_asks, {"This program asks nobody whom to run: its order cannot be chosen", "Este programa no pregunta a quién ejecutar: no se puede elegir su orden", "Ce programme ne demande pas qui exécuter : son ordre ne peut être choisi", "此程序不询问运行谁，无法选择顺序"}},
    {Word::choose_not_ready_n, {"Thread {} cannot run now", "El hilo {} no puede seguir ahora", "Le thread {} ne peut tourner maintenant", "线程 {} 现在不能运行"}},
    {Word::copied, {"Copied", "Copiado", "Copié", "已复制"}},
    {Word::tip_copy, {"click copies it", "clic para copiarlo", "un clic le copie", "点击复制"}},
    {Word::go_to_title, {"Go to step", "Ir al paso", "Aller au pas", "转到步骤"}},
    {Word::go_to_hint, {"a number, Enter", "un número, Intro", "un nombre, Entrée", "输入数字，回车"}},
    {Word::find_title, {"Find", "Buscar", "Chercher", "查找"}},
    {Word::find_hint, {"function, instruction, source line or caption, Enter", "función, instrucción, línea de código o explicación, Intro", "fonction, instruction, ligne de code ou explication, Entrée", "函数、指令、源代码行或说明，回车"}},
    {Word::searching_n, {"searching… {}", "buscando… {}", "recherche… {}", "正在查找… {}"}},
    {Word::not_found_n, {"No step of this trace shows “{}”", "Ningún paso de la traza muestra «{}»", "Aucun pas de la trace ne montre « {} »", "此记录中没有步骤含 “{}”"}},
    {Word::found_n, {"Found “{}”", "Encontrado «{}»", "Trouvé « {} »", "找到 “{}”"}},
    {Word::bad_step_n, {"“{}” is not a step", "«{}» no es un paso", "« {} » n'est pas un pas", "“{}” 不是步骤编号"}},
    {Word::picture_saved_n, {"Picture saved: {}", "Imagen guardada: {}", "Image enregistrée : {}", "图片已保存：{}"}},
    {Word::picture_failed_n, {"Picture not saved: {}", "Imagen no guardada: {}", "Image non enregistrée : {}", "图片未保存：{}"}},
    {Word::reduce_motion_on, {"Motion reduced", "Movimiento reducido", "Animations réduites", "已减少动画"}},
    {Word::reduce_motion_off, {"Motion on", "Movimiento activado", "Animations actives", "动画已开启"}},
    {Word::never_written_notice, {"No step before this one wrote it: it has been so since the start", "Ningún paso anterior lo escribió: está así desde el comienzo", "Aucun pas précédent ne l'a écrit : il est ainsi depuis le début", "此前没有步骤写入过它：从一开始就是如此"}},
    {Word::no_such_thread_n, {"There is no thread {}", "No hay hilo {}", "Il n'y a pas de thread {}", "没有线程 {}"}},
    {Word::more_threads_n, {"{} more", "{} más", "{} de plus", "还有 {} 个"}},
    {Word::tip_more_threads, {"click or wheel: the others", "clic o rueda: los demás", "clic ou molette : les autres", "点击或滚轮查看其余"}},
    {Word::rewritten_n, {"rewritten at step {}", "reescrita en el paso {}", "réécrite au pas {}", "在第 {} 步被改写"}},
    {Word::goes_to_n, {"goes to {}", "va a {}", "va à {}", "转到 {}"}},
    {Word::figure_thread, {"Thread", "Hilo", "Thread", "线程"}},
    {Word::figure_states, {"States", "Estados", "États", "状态"}},
    {Word::figure_process, {"Process", "Proceso", "Processus", "进程"}},
    {Word::figure_virtualizers, {"Virtualizers", "Virtualizadores", "Virtualiseurs", "虚拟化"}},
    {Word::figure_processors, {"Processors", "Procesadores", "Processeurs", "处理器"}},
    {Word::figure_variables, {"Variables", "Variables", "Variables", "变量"}},
    {Word::figure_spaces, {"Spaces", "Espacios", "Espaces", "地址空间"}},
    {Word::figure_shared, {"Shared", "Compartido", "Partagé", "共享"}},
    {Word::no_spaces, {"Only programs for Linux have a kernel with address spaces here", "Aquí solo los programas de Linux tienen un núcleo con espacios de direcciones", "Seuls les programmes Linux ont ici un noyau avec des espaces d'adressage", "此处只有 Linux 程序才有带地址空间的内核"}},
    {Word::space_n, {"Space {}", "Espacio {}", "Espace {}", "空间 {}"}},
    {Word::space_of_tasks_n, {"task {}", "tarea {}", "tâche {}", "任务 {}"}},
    {Word::space_tables, {"table pages", "páginas de tablas", "pages de tables", "页表页"}},
    {Word::space_pages, {"pages", "páginas", "pages", "页"}},
    {Word::space_copied, {"copied", "copiadas", "copiées", "已复制"}},
    {Word::space_frames, {"frames", "marcos", "cadres", "页框"}},
    {Word::space_frames_shared, {"of them shared", "de ellos compartidos", "dont partagés", "其中共享"}},
    {Word::space_is_model, {"Model: the machine's kernel keeps these tables, no processor walks them. A frame is called by its number in hex.", "Modelo: el núcleo de la máquina lleva estas tablas, ningún procesador las recorre. Un marco se llama por su número en hexadecimal.", "Modèle : le noyau de la machine tient ces tables, aucun processeur ne les parcourt. Un cadre porte son numéro en hexadécimal.", "模型：这些表由机器的内核维护，没有处理器遍历它们。页框以十六进制编号称呼。"}},
    {Word::space_awaits_copy, {"writable=0, copy", "writable=0, copiar", "writable=0, copier", "writable=0，复制"}},
    {Word::space_writable, {"writable=1", "writable=1", "writable=1", "writable=1"}},
    {Word::space_read_only, {"read only", "solo lectura", "lecture seule", "只读"}},
    {Word::space_last_copy, {"Last, behind step", "Lo último, tras el paso", "Le dernier, après le pas", "最近一次，在步骤之后："}},
    {Word::shared_memory, {"memory", "memoria", "mémoire", "内存"}},
    {Word::shared_descriptors, {"file descriptors", "descriptores de archivo", "descripteurs de fichier", "文件描述符"}},
    {Word::shared_filesystem, {"directory and umask", "directorio y umask", "répertoire et umask", "目录与 umask"}},
    {Word::shared_handlers, {"signal handlers", "manejo de señales", "gestion des signaux", "信号处理"}},
    {Word::shared_task_n, {"task {}", "tarea {}", "tâche {}", "任务 {}"}},
    {Word::shared_with_n, {"as task {}", "como la tarea {}", "comme la tâche {}", "同任务 {}"}},
    {Word::shared_own, {"its own", "propio", "à elle", "自己的"}},
    {Word::shared_made_by, {"made by clone with", "creada por clone con", "créée par clone avec", "clone 的标志"}},
    {Word::shared_group, {"process (getpid)", "proceso (getpid)", "processus (getpid)", "进程 (getpid)"}},
    {Word::shared_state, {"state", "estado", "état", "状态"}},
    {Word::shared_note, {"the note: shared?", "la nota: ¿comparte?", "la note : partagé ?", "笔记：是否共享"}},
    {Word::shared_thread, {"thread", "hilo", "thread", "线程"}},
    {Word::shared_process, {"process", "proceso", "processus", "进程"}},
    {Word::shared_yes, {"yes", "sí", "oui", "是"}},
    {Word::shared_no, {"no", "no", "non", "否"}},
    {Word::shared_is_model, {"From the kernel's books at this cursor: equal numbers are the same thing. What the program saw of it stands in its output.", "De los libros del núcleo en este cursor: números iguales son lo mismo. Lo que vio el programa está en su salida.", "D'après les livres du noyau à ce curseur : des nombres égaux sont la même chose. Ce que le programme en a vu est dans sa sortie.", "取自此处内核的账簿：相同的编号即同一事物。程序所见写在其输出里。"}},
    {Word::figure_costs, {"Costs", "Costes", "Coûts", "代价"}},
    {Word::figure_questions, {"Questions", "Preguntas", "Questions", "问题"}},
    {Word::tip_figure, {"figures, or code and stacks  (E)", "figuras, o código y pilas  (E)", "figures, ou code et piles  (E)", "图示，或代码与栈  (E)"}},
    {Word::help_figure, {"figures instead of code and stacks: states, process, questions …", "figuras en vez de código y pilas: estados, proceso, preguntas …", "figures au lieu du code et des piles : états, processus, questions …", "以图示代替代码和栈：状态、进程、问题 …"}},
    {Word::arrow_created, {"made", "creado", "créé", "建好"}},
    {Word::arrow_chosen, {"picked", "elegido", "choisi", "被选中"}},
    {Word::arrow_gave_up, {"yield, timer", "yield, reloj", "yield, horloge", "让出、时钟"}},
    {Word::arrow_must_wait, {"must wait", "debe esperar", "doit attendre", "须等待"}},
    {Word::arrow_woken, {"woken", "despertado", "réveillé", "被唤醒"}},
    {Word::arrow_ends, {"ends", "termina", "finit", "结束"}},
    {Word::moved_by_n, {"by {}", "por {}", "par {}", "由 {}"}},
    {Word::thread_parts, {"id + registers + call stack", "id + registros + pila de llamadas", "id + registres + pile d'appels", "标识 + 寄存器 + 调用栈"}},
    {Word::part_identity, {"identity", "identidad", "identité", "标识"}},
    {Word::part_registers, {"registers (in the CPU)", "registros (en la CPU)", "registres (dans le CPU)", "寄存器（在 CPU 中）"}},
    {Word::part_saved_registers, {"registers (saved)", "registros (guardados)", "registres (sauvés)", "寄存器（已保存）"}},
    {Word::part_stack, {"call stack", "pila de llamadas", "pile d'appels", "调用栈"}},
    {Word::switches_in, {"switches in", "entradas", "entrées", "切入次数"}},
    {Word::data, {"Data", "Datos", "Données", "数据"}},
    {Word::output, {"Output", "Salida", "Sortie", "输出"}},
    {Word::one_thread, {"Process with one thread", "Proceso con un hilo", "Processus à un thread", "单线程进程"}},
    {Word::virtual_memory, {"Memory: virtual memory", "Memoria: memoria virtual", "Mémoire : mémoire virtuelle", "内存：虚拟内存"}},
    {Word::virtual_memory_aim, {"Addresses as if all memory were the program's own. What lies between two regions is not mapped.", "Direcciones como si toda la memoria fuera del programa. Entre dos regiones no hay nada asignado.", "Des adresses comme si toute la mémoire était au programme. Entre deux régions rien n'est associé.", "地址看起来像独占全部内存；两个区域之间没有映射。"}},
    {Word::virtual_cpu, {"CPU: scheduler, time slices", "CPU: planificador, partición temporal", "CPU : ordonnanceur, tranches de temps", "CPU：调度器，时间片"}},
    {Word::virtual_cpu_aim, {"Each thread computes as if the CPU were its own; it gets this part of the steps so far.", "Cada hilo calcula como si la CPU fuera suya; recibe esta parte de los pasos.", "Chaque thread calcule comme si le CPU était à lui ; il reçoit cette part des pas.", "每个线程都像独占 CPU；这是它目前得到的步数份额。"}},
    {Word::virtual_io, {"I/O: console", "E/S: consola", "E/S : console", "输入输出：控制台"}},
    {Word::virtual_io_aim, {"One console for all, used as if it belonged to each.", "Una consola para todos, usada como si fuera de cada uno.", "Une console pour tous, utilisée comme si elle était à chacun.", "所有线程共用一个控制台，却像各自独有。"}},
    {Word::own_steps_n, {"{} steps of its own", "{} pasos propios", "{} pas à lui", "自己的 {} 步"}},
    {Word::own_progress, {"Own steps over real steps (grey: the CPU)", "Pasos propios sobre pasos reales (gris: la CPU)", "Pas propres sur pas réels (gris : le CPU)", "自身步数与实际步数（灰色：CPU）"}},
    {Word::own_progress_rounds, {"Own steps over rounds of the clock (grey: one step a round)", "Pasos propios sobre rondas del reloj (gris: un paso por ronda)", "Pas propres sur tours d'horloge (gris : un pas par tour)", "自身步数与时钟轮数（灰色：每轮一步）"}},
    {Word::speed_lately_n, {"Speed in the last {} steps", "Velocidad en los últimos {} pasos", "Vitesse dans les {} derniers pas", "最近 {} 步的速度"}},
    {Word::speed_rounds_n, {"Speed: steps a round, last {} rounds", "Velocidad: pasos por ronda, últimas {}", "Vitesse : pas par tour, {} derniers", "速度：每轮步数，最近 {} 轮"}},
    {Word::rounds_of_clock, {"rounds of the clock", "rondas del reloj", "tours d'horloge", "时钟轮数"}},
    {Word::not_made_n, {"not made yet: {}", "aún sin crear: {}", "pas encore créés : {}", "尚未创建：{}"}},
    {Word::not_made, {"not made yet", "aún sin crear", "pas encore créé", "尚未创建"}},
    {Word::has_ended, {"ended", "acabado", "fini", "已结束"}},
    {Word::kernels_own, {"the kernel's own: runs when no other can", "del núcleo: corre cuando ninguna otra puede", "celle du noyau : tourne quand aucune autre ne peut", "内核自身：无其他任务可运行时运行"}},
    {Word::tlb_of_cpu_n, {"model: TLBs of CPU {}, {}: entries kept (middle), hits, misses", "modelo: TLB de CPU {}, {}: entradas conservadas (medio), aciertos, fallos", "modèle : TLB du CPU {}, {} : entrées gardées (médian), succès, échecs", "模型：CPU {} 的 TLB，{}：保留条目（中间）、命中、未命中"}},
    {Word::never_started_n, {"never started: {}", "nunca arrancados: {}", "jamais démarrés : {}", "从未启动：{}"}},
    {Word::rounds_n, {"{} rounds of the clock", "{} rondas del reloj", "{} tours d'horloge", "{} 轮时钟"}},
    {Word::idle, {"idle", "inactiva", "inactif", "空闲"}},
    {Word::idle_legend, {"idle: hlt, waits for an interrupt", "inactiva: hlt, espera una interrupción", "inactif : hlt, attend une interruption", "空闲：hlt，等待中断"}},
    {Word::real_cpu, {"the real CPU", "la CPU real", "le vrai CPU", "真实 CPU"}},
    {Word::tip_other_processor, {"Click: the registers of another processor", "Clic: los registros de otro procesador", "Clic : les registres d'un autre processeur", "点击：另一处理器的寄存器"}},
    {Word::store_buffer_n, {"Store buffer of CPU {} (model)", "Búfer de escrituras de CPU {} (modelo)", "Tampon d'écriture du CPU {} (modèle)", "CPU {} 的存储缓冲（模型）"}},
    {Word::store_buffer_empty, {"empty: memory holds all", "vacío: la memoria lo tiene todo", "vide : la mémoire a tout", "空：均已写入内存"}},
    {Word::store_buffer_more_n, {"… and {} younger", "… y {} más recientes", "… et {} plus récentes", "……另有 {} 个较新的"}},
    {Word::kernel_sees, {"The kernel sees one task; only the program knows its threads", "El núcleo ve una tarea; solo el programa conoce sus hilos", "Le noyau voit une tâche ; seul le programme connaît ses threads", "内核只看到一个任务；只有程序知道它的线程"}},
    {Word::kernel_task, {"kernel task", "tarea del núcleo", "tâche du noyau", "内核任务"}},
    {Word::no_variables, {"No variables are watched in this trace", "Esta traza no vigila variables", "Aucune variable suivie dans cette trace", "此轨迹没有关注的变量"}},
    {Word::figure_contexts, {"Contexts", "Contextos", "Contextes", "上下文"}},
    {Word::no_contexts, {"Nothing was saved yet", "Aún no se ha guardado nada", "Rien n'est encore sauvé", "尚未保存任何内容"}},
    {Word::context_size_n, {"{} bytes", "{} bytes", "{} octets", "{} 字节"}},
    {Word::context_aligned_n, {"aligned to {}", "alineado a {}", "aligné sur {}", "按 {} 对齐"}},
    {Word::context_as_stored, {"as stored", "guardado", "tel que rangé", "存储值"}},
    {Word::context_plain, {"demangled", "descifrado", "déchiffré", "还原值"}},
    {Word::context_frame_n, {"saved on its stack by {}", "guardado en su pila por {}", "sauvé sur sa pile par {}", "由 {} 保存在其栈上"}},
    {Word::context_by_hand, {"first frame, built by hand", "primer marco, hecho a mano", "premier cadre, fait à la main", "首个栈帧，手工构造"}},
    {Word::tip_context, {"shows it beside the next one; again: those written last", "lo muestra junto al siguiente; otra vez: los escritos al final", "le montre à côté du suivant ; encore : les derniers écrits", "与下一个并列显示；再次点击：最近写入的"}},
    {Word::who_on_cpu, {"Who is on the CPU", "Quién está en la CPU", "Qui est sur le CPU", "谁在占用 CPU"}},
    {Word::no_costs, {"Counted once the recording is finished, up to 300 000 steps; beyond that: fiberscope cost", "Se cuenta al acabar la grabación, hasta 300 000 pasos; más allá: fiberscope cost", "Compté une fois l'enregistrement fini, jusqu'à 300 000 pas ; au-delà : fiberscope cost", "记录结束后统计，最多 300 000 步；更长请用 fiberscope cost"}},
    {Word::cost_head, {"least / middle / most a switch", "mín / medio / máx por cambio", "min / médian / max par commutation", "每次切换：最小 / 中间 / 最大"}},
    {Word::cost_steps, {"steps", "pasos", "pas", "步"}},
    {Word::cost_bytes, {"bytes", "bytes", "octets", "字节"}},
    {Word::cost_accesses, {"accesses", "accesos", "accès", "访问"}},
    {Word::model_misses, {"misses (model)", "fallos (modelo)", "défauts (modèle)", "缺失（模型）"}},
    {Word::claimed_cycles, {"cycles (claim)", "ciclos (nota)", "cycles (note)", "周期（笔记）"}},
    {Word::budget_title, {"Budget of the note", "Presupuesto", "Budget de la note", "笔记的预算"}},
    {Word::comparison_title, {"Comparison of the note", "Comparación", "Comparaison de la note", "笔记的比较"}},
    {Word::this_run, {"this run", "esta ejecución", "cette exécution", "本次运行"}},
    {Word::no_questions, {"No questions belong to this trace", "Esta traza no tiene preguntas", "Aucune question pour cette trace", "此轨迹没有问题"}},
    {Word::show_answer, {"show the answer", "ver la respuesta", "voir la réponse", "显示答案"}},
    {Word::hide_answer, {"hide the answer", "ocultar la respuesta", "cacher la réponse", "隐藏答案"}},
    {Word::explore_title, {"All interleavings", "Todos los entrelazados", "Tous les entrelacements", "所有交错"}},
    {Word::explore_run, {"Explore", "Explorar", "Explorer", "探索"}},
    {Word::explore_stop, {"Stop", "Parar", "Arrêter", "停止"}},
    {Word::explore_stopping, {"Stopping…", "Parando…", "Arrêt…", "正在停止…"}},
    {Word::explore_back, {"To the run", "A la ejecución", "Vers l'exécution", "回到运行"}},
    {Word::explore_no_run, {"No run yet: click an outcome to replay it.", "Aún no hay ejecución: haz clic en un resultado para verlo.", "Pas encore d'exécution : cliquez sur un résultat pour le rejouer.", "尚无运行：点击一个结果来重放。"}},
    {Word::explore_start_values, {"Start values", "Valores iniciales", "Valeurs initiales", "初始值"}},
    {Word::explore_assert, {"Assert", "Aserción", "Assertion", "断言"}},
    {Word::explore_code, {"Code", "Código", "Code", "代码"}},
    {Word::explore_scheduler, {"Scheduler", "Planificador", "Ordonnanceur", "调度器"}},
    {Word::explore_cpus, {"CPUs", "CPU", "CPU", "处理器"}},
    {Word::explore_memory, {"Memory", "Memoria", "Mémoire", "内存"}},
    {Word::no_scheduler, {"none: a CPU each", "ninguno: CPU propia", "aucun : un CPU chacun", "无：各有 CPU"}},
    {Word::explore_add, {"One thread more", "Un hilo más", "Un thread de plus", "增加一个线程"}},
    {Word::explore_remove, {"One thread fewer", "Un hilo menos", "Un thread de moins", "减少一个线程"}},
    {Word::explore_schedules, {"schedules", "órdenes", "ordres", "调度"}},
    {Word::explore_executions, {"executions", "ejecuciones", "exécutions", "执行"}},
    {Word::explore_states, {"states", "estados", "états", "状态"}},
    {Word::explore_transitions, {"transitions", "transiciones", "transitions", "转移"}},
    {Word::explore_complete, {"complete: all schedules", "completo: todos los órdenes", "complet : tous les ordres", "完整：所有调度"}},
    {Word::explore_incomplete_n, {"INCOMPLETE: {}", "INCOMPLETO: {}", "INCOMPLET : {}", "不完整：{}"}},
    {Word::explore_stale, {"the answer belongs to the question asked before", "la respuesta es de la pregunta anterior", "la réponse est celle de la question précédente", "以下是上一个问题的答案"}},
    {Word::explore_ask, {"Type one text a thread, then Enter.", "Escribe un texto por hilo y pulsa Enter.", "Tapez un texte par thread, puis Entrée.", "为每个线程输入一段文字，然后按回车。"}},
    {Word::explore_exploring, {"exploring…", "explorando…", "exploration…", "正在探索…"}},
    {Word::explore_replaying, {"recording the replay…", "grabando la repetición…", "enregistrement du rejeu…", "正在录制重放…"}},
    {Word::outcomes, {"Outcomes", "Resultados", "Résultats", "结果"}},
    {Word::outcome_values, {"final values", "valores finales", "valeurs finales", "最终值"}},
    {Word::outcome_common_n, {"in all: {}", "en todos: {}", "dans tous : {}", "均为：{}"}},
    {Word::one_schedule, {"schedule", "orden", "ordre", "调度"}},
    {Word::one_execution, {"execution", "ejecución", "exécution", "执行"}},
    {Word::one_state, {"state", "estado", "état", "状态"}},
    {Word::one_transition, {"transition", "transición", "transition", "转移"}},
    {Word::outcome_probability, {"probability", "probabilidad", "probabilité", "概率"}},
    {Word::outcome_preemptions, {"preempt.", "expuls.", "préempt.", "抢占"}},
    {Word::outcome_fails, {"assertion fails", "falla la aserción", "assertion violée", "断言失败"}},
    {Word::outcome_none, {"No schedule comes to an end.", "Ningún orden llega al final.", "Aucun ordre n'arrive au bout.", "没有调度能运行到底。"}},
    {Word::tip_replay, {"Replay this schedule through the guest's scheduler", "Repetir este orden con el planificador del huésped", "Rejouer cet ordre avec l'ordonnanceur de l'invité", "通过客户机的调度器重放"}},
    {Word::tip_show_outcome, {"Show its schedule in the pictures", "Mostrar su orden en las figuras", "Montrer son ordre dans les figures", "在图中显示它的调度"}},
    {Word::tip_sort, {"Sort by this column", "Ordenar por esta columna", "Trier selon cette colonne", "按此列排序"}},
    {Word::tip_probability, {"Under a uniform random step", "Con un paso aleatorio uniforme", "Avec un pas aléatoire uniforme", "在均匀随机步之下"}},
    {Word::findings, {"Findings", "Hallazgos", "Constats", "发现"}},
    {Word::findings_none, {"No data race, deadlock, livelock or failed assertion.", "Ninguna carrera, bloqueo ni aserción fallida.", "Ni course, ni interblocage, ni assertion violée.", "没有数据竞争、死锁、活锁或失败的断言。"}},
    {Word::finding_race, {"RACE", "CARRERA", "COURSE", "竞争"}},
    {Word::finding_deadlock, {"DEADLOCK", "BLOQUEO", "INTERBLOCAGE", "死锁"}},
    {Word::finding_livelock, {"LIVELOCK", "LIVELOCK", "LIVELOCK", "活锁"}},
    {Word::finding_assertion, {"ASSERTION", "ASERCIÓN", "ASSERTION", "断言"}},
    {Word::shown_of_n, {"{} – {} of {}", "{} – {} de {}", "{} – {} sur {}", "{} – {} / {}"}},
    {Word::progress_graph, {"Progress graph", "Grafo de progreso", "Graphe de progression", "进度图"}},
    {Word::progress_none, {"Too large for a picture: more than {} points, {} states or {} outcomes.", "Demasiado grande: más de {} puntos, {} estados o {} resultados.", "Trop grand : plus de {} points, {} états ou {} issues.", "太大：超过 {} 个点、{} 个状态或 {} 个结果。"}},
    {Word::progress_incomplete, {"Not explored to its end: what is still possible is not known.", "No explorado hasta el final: no se sabe qué es aún posible.", "Pas exploré jusqu'au bout : on ne sait pas ce qui reste possible.", "未探索完：不知道还可能出现什么。"}},
    {Word::progress_places, {"It can loop: the axes are its instructions by address. Dashed: a jump. Hatched: no schedule comes there.", "Puede dar vueltas: los ejes son sus instrucciones. A trazos: un salto. Rayado: ningún orden llega.", "Il peut boucler : les axes sont ses instructions. Tirets : un saut. Hachuré : aucun ordre n'y passe.", "程序可能循环：轴为按地址排列的指令。虚线：跳转。斜线：没有调度到达。"}},
    {Word::progress_at_n, {"T{} before {}", "T{} antes de {}", "T{} avant {}", "T{} 将执行 {}"}},
    {Word::progress_finished_n, {"T{} has finished", "T{} ha acabado", "T{} a fini", "T{} 已结束"}},
    {Word::progress_too_large_n, {"Too large to draw: {} points.", "Demasiado grande para dibujar: {} puntos.", "Trop grand à dessiner : {} points.", "太大，无法绘制：{} 个点。"}},
    {Word::progress_still, {"still possible:", "aún posible:", "encore possible :", "仍可能："}},
    {Word::progress_after_n, {"T{} after {} of {}", "T{} tras {} de {}", "T{} après {} sur {}", "T{} 已走 {}/{}"}},
    {Word::progress_unreachable, {"no schedule comes here", "ningún orden llega aquí", "aucun ordre ne passe ici", "没有调度到达这里"}},
    {Word::progress_stuck, {"from here nothing comes to an end", "desde aquí nada llega al final", "d'ici rien n'arrive au bout", "从这里无法到达终点"}},
    {Word::progress_drag, {"Drag the path: another schedule.", "Arrastra el camino: otro orden.", "Tirez le chemin : un autre ordre.", "拖动路径：另一个调度。"}},
    {Word::progress_no_drag, {"Store buffers drain beside the steps: this path cannot be dragged.", "Los búferes se vacían aparte: este camino no se arrastra.", "Les tampons se vident à part : ce chemin ne se tire pas.", "存储缓冲区另行排空：此路径不能拖动。"}},
    {Word::progress_many_states, {"Too many states at hand to drag the path.", "Demasiados estados para arrastrar el camino.", "Trop d'états pour tirer le chemin.", "状态太多，无法拖动路径。"}},
    {Word::replay_this, {"Replay this", "Repetir esto", "Rejouer ceci", "重放此调度"}},
    {Word::shown_witness, {"witness", "testigo", "témoin", "见证"}},
    {Word::shown_dragged, {"dragged", "arrastrado", "tiré", "已拖动"}},
    {Word::shown_blocked_n, {"no schedule: {} cannot run there", "no es un orden: {} no puede correr ahí", "pas un ordre : {} ne peut pas tourner là", "不是调度：{} 在那里不能运行"}},
    {Word::shown_no_end, {"comes to no end", "no llega al final", "n'arrive pas au bout", "不会结束"}},
    {Word::order_title, {"Partial order", "Orden parcial", "Ordre partiel", "偏序"}},
    {Word::order_none, {"No schedule is shown.", "No se muestra ningún orden.", "Aucun ordre n'est montré.", "未显示任何调度。"}},
    {Word::order_incomplete, {"Not explored to its end: there is no picture of this schedule. A click on the outcome replays it.", "No explorado hasta el final: no hay dibujo de este orden. Un clic en el resultado lo repite.", "Pas exploré jusqu'au bout : pas d'image de cet ordre. Un clic sur l'issue le rejoue.", "未探索完：没有此调度的图。点击结果即可重放。"}},
    {Word::order_too_long, {"Of so many outcomes, or of so long a schedule, there is no picture. A click on the outcome replays it.", "Con tantos resultados, o un orden tan largo, no hay dibujo. Un clic en el resultado lo repite.", "Pour tant d'issues, ou un ordre si long, pas d'image. Un clic sur l'issue le rejoue.", "结果太多或调度太长，没有图。点击结果即可重放。"}},
    {Word::order_tab, {"Order", "Orden", "Ordre", "偏序"}},
    {Word::states_tab, {"States", "Estados", "États", "状态"}},
    {Word::order_reads, {"reads", "lee", "lit", "读"}},
    {Word::order_writes, {"writes", "escribe", "écrit", "写"}},
    {Word::order_buffers, {"buffers", "encola", "met en tampon", "缓冲"}},
    {Word::order_forwards, {"from buffer", "del búfer", "du tampon", "取自缓冲"}},
    {Word::order_drain, {"buffer drains", "el búfer se vacía", "le tampon se vide", "缓冲排空"}},
    {Word::lost_update_here, {"lost update here", "actualización perdida", "mise à jour perdue", "此处更新丢失"}},
    {Word::lost_update_n, {"Lost update: T{} overwrites {} of T{} (step {}), written behind its own load (step {}).", "Actualización perdida: T{} pisa {} de T{} (paso {}), escrito tras su propia lectura (paso {}).", "Mise à jour perdue : T{} écrase {} de T{} (pas {}), écrit après sa propre lecture (pas {}).", "更新丢失：T{} 覆盖了 {}（T{} 在第 {} 步所写，在它自己的读取第 {} 步之后）。"}},
    {Word::lost_more_n, {"and {} more", "y {} más", "et {} de plus", "还有 {} 处"}},
    {Word::lost_none, {"No update is lost in this execution.", "En esta ejecución no se pierde nada.", "Rien n'est perdu dans cette exécution.", "此次执行中没有更新丢失。"}},
    {Word::code_lost_n, {"{}'s: lost", "de {}: perdido", "de {} : perdu", "{} 的：丢失"}},
    {Word::code_will_be_lost, {"will be lost", "se perderá", "sera perdu", "将会丢失"}},
    {Word::state_graph, {"State graph", "Grafo de estados", "Graphe d'états", "状态图"}},
    {Word::state_too_large_n, {"Too large to draw: {} states (at most {}). The outcomes are of all of them.", "Demasiado grande para dibujar: {} estados (máximo {}). Los resultados son de todos.", "Trop grand à dessiner : {} états (au plus {}). Les issues sont celles de tous.", "太大，无法绘制：{} 个状态（最多 {}）。结果涵盖全部状态。"}},
    {Word::state_key_n, {"{}; next rip of each thread (last digits, – finished). {}", "{}; próximo rip de cada hilo (últimas cifras, – acabado). {}", "{} ; prochain rip de chaque thread (derniers chiffres, – fini). {}", "{}；各线程的下一个 rip（末几位，– 表示结束）。{}"}},
    {Word::state_edges, {"Solid: T1, dashed: others.", "Continua: T1, a trazos: los otros.", "Trait plein : T1, tirets : les autres.", "实线：T1，虚线：其他。"}},
    {Word::state_edges_buffers, {"Solid: steps of T1, dashed: others, and drains.", "Continua: pasos de T1, a trazos: los otros y los vaciados.", "Trait plein : pas de T1, tirets : les autres et les vidages.", "实线：T1 的步，虚线：其他及排空。"}},
    {Word::state_key_values_n, {"{}; point at a node for rips. Letters: outcomes. {}", "{}; apunta a un nodo para los rip. Letras: resultados. {}", "{} ; pointez un nœud pour les rip. Lettres : issues. {}", "{}；指向节点可见 rip。字母：结果。{}"}},
    {Word::state_key_small_n, {"{} states, too many to write into: point at one. Letters: outcomes. {}", "{} estados, demasiados para escribir en ellos: apunta a uno. Letras: resultados. {}", "{} états, trop pour y écrire : pointez-en un. Lettres : issues. {}", "{} 个状态，无法逐一标注：请指向一个。字母：结果。{}"}},
    {Word::help_explore, {"all interleavings, and back", "todos los entrelazados, y volver", "tous les entrelacements, et retour", "所有交错，以及返回"}},
    {Word::tag_saved, {"saved", "guard.", "sauvé", "已存"}},
    {Word::runs_on_n, {"runs on {}", "corre en {}", "tourne sur {}", "运行于 {}"}},
    {Word::stands_filled, {"Places by the threads' own tables. Filled: on the CPU.", "Lugares según las tablas de los hilos. Relleno: en la CPU.", "Places selon les tables des threads. Plein : sur le CPU.", "位置依线程各自的表。实心：在 CPU 上。"}},
    {Word::stands_on_n, {"{}: running, with rsp on the stack of {}.", "{}: en ejecución, con rsp en la pila de {}.", "{} : en exécution, rsp sur la pile de {}.", "{}：运行中，rsp 在 {} 的栈上。"}},
    {Word::stands_with_n, {"{}: its own table says running, but {}, which carries it, is not.", "{}: su tabla dice en ejecución, pero {}, que lo lleva, no lo está.", "{} : sa table dit en exécution, mais {}, qui le porte, ne l'est pas.", "{}：其表称运行中，但承载它的 {} 并未运行。"}},
    {Word::stands_marked_n, {"{}: its table says running, the CPU is another's.", "{}: su tabla dice en ejecución, la CPU es de otro.", "{} : sa table dit en exécution, le CPU est à un autre.", "{}：其表称运行中，CPU 属于别的线程。"}},
    {Word::threads_of_n, {"{} · threads: {}", "{} · hilos: {}", "{} · threads : {}", "{} · 线程：{}"}},
    {Word::ended_n, {"ended: {}", "acabados: {}", "finis : {}", "已结束：{}"}},
    {Word::this_process, {"This process", "Este proceso", "Ce processus", "本进程"}},
    {Word::task_n, {"Task {}", "Tarea {}", "Tâche {}", "任务 {}"}},
    {Word::other_processes, {"Other processes", "Otros procesos", "Autres processus", "其他进程"}},
    {Word::other_tasks, {"Other tasks", "Otras tareas", "Autres tâches", "其他任务"}},
    {Word::part_saved_short, {"saved", "guardados", "sauvés", "已保存"}},
    {Word::part_cpu_short, {"in the CPU", "en la CPU", "dans le CPU", "在 CPU 中"}},
    {Word::kernel_sees_n, {"The kernel sees tasks: {}", "El núcleo ve tareas: {}", "Le noyau voit des tâches : {}", "内核看到的任务：{}"}},
    {Word::kernel_sees_own_n, {"The kernel (guest code) sees tasks: {}. Threads inside {}: only that program knows.", "El núcleo (código huésped) ve tareas: {}. Los hilos de {} solo los conoce ese programa.", "Le noyau (code invité) voit des tâches : {}. Les threads de {}, seul ce programme les connaît.", "内核（客户代码）看到的任务：{}。{} 内部的线程只有该程序知道。"}},
    {Word::kernel_sees_guest_n, {"The kernel (guest code) sees tasks: {}", "El núcleo (código huésped) ve tareas: {}", "Le noyau (code invité) voit des tâches : {}", "内核（客户代码）看到的任务：{}"}},
    {Word::value_each_n, {"{} each", "{} cada uno", "{} chacun", "均为 {}"}},
    {Word::value_all_zero, {"all 0", "todo 0", "tout 0", "全为 0"}},
    {Word::tip_more_values, {"Click or wheel: the next ones", "Clic o rueda: los siguientes", "Clic ou molette : les suivants", "点击或滚轮：后面的"}},
    {Word::rsp_no_stack_n, {"rsp is on no stack: {}", "rsp en ninguna pila: {}", "rsp sur aucune pile : {}", "rsp 不在任何栈上：{}"}},
    {Word::stack_end, {"end of the stack", "fin de la pila", "fin de la pile", "栈的末端"}},
};
// clang-format on

constexpr std::size_t kWords = static_cast<std::size_t>(Word::count_);

constexpr bool in_order() {
  std::size_t index = 0;
  for (const Entry& entry : kEntries) {
    if (static_cast<std::size_t>(entry.word) != index++) return false;
    for (const char* text : entry.text) {
      if (text == nullptr || *text == '\0') return false;
    }
  }
  return index == kWords;
}
static_assert(in_order(), "the catalogue lists every word once, in the order of the enumeration, in every language");

constexpr const char* kNames[kLanguages] = {"en", "es", "fr", "zh"};

Word offset(Word first, std::size_t by) {
  return static_cast<Word>(static_cast<std::size_t>(first) + by);
}

}  // namespace

std::string_view to_string(Language language) {
  return kNames[static_cast<std::size_t>(language)];
}

std::optional<Language> language_by_name(std::string_view name) {
  for (std::size_t i = 0; i < kLanguages; ++i) {
    if (name == kNames[i]) return static_cast<Language>(i);
  }
  return std::nullopt;
}

const char* Words::operator()(Word word) const {
  return kEntries[static_cast<std::size_t>(word)].text[static_cast<std::size_t>(language_)];
}

std::string Words::operator()(Word word, std::string_view argument) const {
  std::string text = (*this)(word);
  if (const auto at = text.find("{}"); at != std::string::npos) text.replace(at, 2, argument);
  return text;
}

std::string Words::operator()(Word word, std::initializer_list<std::string_view> arguments) const {
  std::string text = (*this)(word);
  std::size_t at = 0;
  for (const std::string_view argument : arguments) {
    at = text.find("{}", at);
    if (at == std::string::npos) break;
    text.replace(at, 2, argument);
    at += argument.size();
  }
  return text;
}

const char* Words::state(core::ThreadState state) const {
  return (*this)(offset(Word::state_unused, static_cast<std::size_t>(state)));
}

const char* Words::reason(core::SwitchReason reason) const {
  return (*this)(offset(Word::reason_start, static_cast<std::size_t>(reason)));
}

std::string Words::all() const {
  std::string text;
  for (const Entry& entry : kEntries) text += entry.text[static_cast<std::size_t>(language_)];
  return text;
}

}  // namespace fiberscope::app
