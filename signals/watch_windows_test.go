package signals_test

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/signals"
)

const (
	bounded = SpecTimeout(20 * time.Second)
	patient = 5 * time.Second

	// lastStandard is the last number that package syscall has a name for.
	lastStandard = syscall.SIGTERM
)

var helpers = map[string]func(){"watch": watchConsole}

// watchConsole is a program with a console of its own, because an event of the
// console goes to everybody on it. It presses Ctrl-C twice: with a watcher, and
// with somebody else when the watcher is stopped.
func watchConsole() {
	console := windows.NewLazySystemDLL("kernel32.dll")
	_, _, _ = console.NewProc("FreeConsole").Call()
	if ok, _, err := console.NewProc("AllocConsole").Call(); ok == 0 {
		fmt.Println("no console:", err)
		return
	}
	press := func() {
		if err := windows.GenerateConsoleCtrlEvent(windows.CTRL_C_EVENT, 0); err != nil {
			fmt.Println("no event:", err)
		}
	}
	watched, theirs := make(chan bool, 10), make(chan os.Signal, 10)
	stop, err := signals.Watch(os.Interrupt, func() { watched <- true })
	if err != nil {
		fmt.Println(err)
		return
	}
	signal.Notify(theirs, os.Interrupt)
	press()
	fmt.Println("watched:", arrives(watched))
	fmt.Println("theirs:", arrives(theirs))
	stop()
	press()
	fmt.Println("theirs:", arrives(theirs))
	fmt.Println("more:", len(watched))
}

func arrives[T any](c chan T) any {
	select {
	case v := <-c:
		return v
	case <-time.After(patient):
		return "nothing"
	}
}

var _ = Describe("Watch on Windows", func() {
	It("calls for Ctrl-C on the console, until it is stopped, and leaves others theirs", func(ctx SpecContext) {
		self, err := os.Executable()
		Expect(err).NotTo(HaveOccurred())
		cmd := exec.CommandContext(ctx, self)
		cmd.Env = append(os.Environ(), helperVariable+"=watch")
		out, err := cmd.CombinedOutput()
		Expect(err).NotTo(HaveOccurred())
		Expect(string(out)).To(Equal("watched: true\ntheirs: interrupt\ntheirs: interrupt\nmore: 0\n"))
	}, bounded)
})
