// Never ends by itself: the CPU limit does it.
function endless() {
  for (;;);
}

register("/endless", endless, "GET");
