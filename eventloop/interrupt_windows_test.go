package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/subprocess"
)

// ownConsole gives a helper program a console of its own: an event of the console
// goes to everybody on it.
func ownConsole() error {
	console := windows.NewLazySystemDLL("kernel32.dll")
	_, _, _ = console.NewProc("FreeConsole").Call()
	if ok, _, err := console.NewProc("AllocConsole").Call(); ok == 0 {
		return fmt.Errorf("AllocConsole: %w", err)
	}
	return nil
}

func interruptSpecs(kind string) {
	It("ends Run on Ctrl-C, through signal.NotifyContext", func(ctx SpecContext) {
		stdout, stderr := helper(ctx, "interrupt:"+kind)
		Expect(stdout).To(Equal("cleaned up\nRun: true\n"), stderr)
	}, bounded)
}

// runUntilInterrupted is the program of package signals' documentation, which
// presses Ctrl-C itself.
func runUntilInterrupted(kind string) error {
	if err := ownConsole(); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := withLoopIn(ctx, kind, func(ctx context.Context, l *eventloop.Loop) error {
		if err := windows.GenerateConsoleCtrlEvent(windows.CTRL_C_EVENT, 0); err != nil {
			return err
		}
		defer fmt.Println("cleaned up")
		return eventloop.Sleep(ctx, patient)
	})
	fmt.Println("Run:", errors.Is(err, context.Canceled) && ctx.Err() != nil)
	return nil
}

// interruptChild sends os.Interrupt to a child that shares its console, and says
// what became of that.
func interruptChild(kind string) error {
	if err := ownConsole(); err != nil {
		return err
	}
	return withLoop(kind, func(ctx context.Context, l *eventloop.Loop) error {
		spec := cat()
		spec.NewProcessGroup = true
		c, err := l.SubprocessExec(subprocess.Held, spec).Await(ctx)
		if err != nil {
			return err
		}
		var call *os.SyscallError
		switch err := c.Transport.SendSignal(os.Interrupt); {
		case err == nil:
			fmt.Println("signal: true")
		case errors.As(err, &call):
			fmt.Println("signal:", call.Syscall)
			_ = c.Transport.PipeTransport(0).(protocols.WritePipe).WriteEOF()
		default:
			return err
		}
		code, err := c.Transport.Wait(ctx)
		fmt.Println("child:", map[bool]string{true: "not interrupted", false: "interrupted"}[code == 0])
		return err
	})
}
