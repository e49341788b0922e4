package tuist

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/term"
)

// frameInterval is how often the live view is redrawn.
const frameInterval = 100 * time.Millisecond

// Terminal is where the live view is drawn.
type Terminal interface{}

func NewStdTerminal() Terminal { return nil }

type InputListener func(Context, uv.Event) bool

// TUI draws its children to standard error, over the frame before.
type TUI struct {
	Container

	mu      sync.Mutex // held while dispatched functions run and while a frame is drawn
	pending []func()   // dispatched, not run yet
	queue   sync.Mutex // guards pending and running
	running bool
	stopped chan struct{} // closed when the loop has drawn its last frame
	stop    chan struct{}
	drawn   int // lines of the frame on the screen
}

func New(Terminal) *TUI { return &TUI{} }

func (t *TUI) Start() error {
	t.stop, t.stopped = make(chan struct{}), make(chan struct{})
	t.queue.Lock()
	t.running = true
	t.queue.Unlock()
	for _, child := range t.Children {
		if m, ok := child.(Mounter); ok {
			m.OnMount(t.context())
		}
	}
	go t.loop()
	return nil
}

func (t *TUI) Stop() {
	t.queue.Lock()
	running := t.running
	t.running = false
	t.queue.Unlock()
	if !running {
		return
	}
	close(t.stop)
	<-t.stopped
}

// Dispatch runs fn on the loop, or at once where none runs. It never waits: fn may come from a function that the loop
// runs itself.
func (t *TUI) Dispatch(fn func()) {
	t.queue.Lock()
	if t.running {
		t.pending = append(t.pending, fn)
		t.queue.Unlock()
		return
	}
	t.queue.Unlock()
	fn()
}

func (t *TUI) loop() {
	defer close(t.stopped)
	ticker := time.NewTicker(frameInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			t.frame()
		case <-t.stop:
			t.frame()
			return
		}
	}
}

// frame runs what was dispatched since the last one, then draws.
func (t *TUI) frame() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for {
		t.queue.Lock()
		fns := t.pending
		t.pending = nil
		t.queue.Unlock()
		if len(fns) == 0 {
			break
		}
		for _, fn := range fns {
			fn()
		}
	}
	t.draw()
}

func (t *TUI) draw() {
	ctx := t.context()
	lines := t.lines(ctx)
	// What is taller than the screen could not be drawn over again.
	if most := ctx.Height - 1; most > 0 && len(lines) > most {
		lines = lines[len(lines)-most:]
	}
	var out strings.Builder
	out.WriteString(ansi.SetModeSynchronizedOutput)
	t.erase(&out)
	for _, line := range lines {
		out.WriteString(ansi.Truncate(line, ctx.Width, ""))
		out.WriteString(ansi.ResetStyle + "\n")
	}
	out.WriteString(ansi.ResetModeSynchronizedOutput)
	t.drawn = len(lines)
	os.Stderr.WriteString(out.String())
}

func (t *TUI) erase(out *strings.Builder) {
	if t.drawn > 0 {
		fmt.Fprintf(out, "\r\x1b[%dA\x1b[J", t.drawn)
	}
	t.drawn = 0
}

func (t *TUI) context() Context {
	width, height, err := term.GetSize(os.Stderr.Fd())
	if err != nil || width <= 0 {
		width, height = 120, 40
	}
	return Context{Context: context.Background(), Width: width, Height: height, tui: t}
}

func (t *TUI) lines(ctx Context) []string {
	var lines []string
	ctx.out = &lines
	t.Render(ctx)
	return lines
}

func (t *TUI) RenderLines() []string { return t.lines(t.context()) }

// Exec lends the terminal to fn, such as the terminal of a container.
func (t *TUI) Exec(fn func(io.Reader, io.Writer, io.Writer) error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out strings.Builder
	t.erase(&out)
	os.Stderr.WriteString(out.String())
	return fn(os.Stdin, os.Stdout, os.Stderr)
}

// RequestRender does nothing: a frame is drawn in a moment anyway.
func (t *TUI) RequestRender(bool) {}

func (t *TUI) SetFocus(Component)                                    {}
func (t *TUI) SetShowHardwareCursor(bool)                            {}
func (t *TUI) SetDebugWriter(io.Writer)                              {}
func (t *TUI) AddInputListener(InputListener) func()                 { return func() {} }
func (t *TUI) ShowOverlay(Component, *OverlayOptions) *OverlayHandle { return &OverlayHandle{} }
func (t *TUI) HasKittyKeyboard() bool                                { return false }

// AddChild leaves out the bar that tells the keys: none of them does anything here.
func (t *TUI) AddChild(child Component) {
	if !strings.HasSuffix(fmt.Sprintf("%T", child), ".KeymapBar") {
		t.Container.AddChild(child)
	}
}
