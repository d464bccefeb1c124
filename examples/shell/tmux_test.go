//go:build unix

package main_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/selector"
)

// tmux is a terminal program with one window, in a server of its own.
type tmux struct{ socket string }

// newTmux runs a command line in a window.
func newTmux(columns, rows int, command string) tmux {
	GinkgoHelper()
	t := tmux{socket: filepath.Join(GinkgoT().TempDir(), "tmux")}
	DeferCleanup(func() { _ = t.command("kill-server").Run() })
	t.do("-f", "/dev/null", "new-session", "-d", "-x", fmt.Sprint(columns), "-y", fmt.Sprint(rows), command)
	return t
}

func (t tmux) command(args ...string) *exec.Cmd {
	return exec.Command("tmux", append([]string{"-S", t.socket}, args...)...)
}

func (t tmux) do(args ...string) string {
	GinkgoHelper()
	out, err := t.command(args...).CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), "%s", out)
	return string(out)
}

func (t tmux) types(line string) {
	GinkgoHelper()
	t.do("send-keys", "-l", line)
	t.do("send-keys", "Enter")
}

// screen is what a person sees, without what is empty.
func (t tmux) screen() string {
	out, _ := t.command("capture-pane", "-p").Output()
	return strings.TrimSpace(string(out))
}

// size is that of the window, as stty spells it.
func (t tmux) size() string {
	GinkgoHelper()
	return strings.TrimSpace(t.do("display-message", "-p", "#{pane_height} #{pane_width}"))
}

var _ = Describe("a person at a terminal", func() {
	for _, m := range selector.Mechanisms() {
		Context("on "+m.Name, func() {
			prompt := func(t tmux) {
				GinkgoHelper()
				Eventually(t.screen, patience).Should(MatchRegexp(`[$#]$`))
			}
			// sized resizes the window and asks for its size until that is right: the
			// news of it takes a way of its own.
			sized := func(t tmux, columns, rows int) {
				GinkgoHelper()
				t.do("resize-window", "-x", fmt.Sprint(columns), "-y", fmt.Sprint(rows))
				Eventually(func() string {
					t.types("stty size")
					return t.screen()
				}, patience, tick).Should(MatchRegexp(`(?m)^%s$`, t.size()))
				prompt(t)
			}

			It("works with our client in a window that changes its size, and gets the exit status", func() {
				path, _ := serve("-selector", m.Name)
				t := newTmux(80, 24, fmt.Sprintf(`before=$(stty -g); '%s' -connect '%s' -selector %s; status=$?; `+
					`[ "$before" = "$(stty -g)" ] && echo "[as it was, $status]"; exec cat`, program, path, m.Name))
				prompt(t)
				t.types("stty size")
				Eventually(t.screen, patience).Should(MatchRegexp(`(?m)^%s$`, t.size()))
				prompt(t)
				sized(t, 132, 40)
				sized(t, 60, 20)
				t.types("exit 7")
				Eventually(t.screen, patience).Should(HaveSuffix("[as it was, 7]"))
			})

			It("works with socat, and reads the exit status", func() {
				path, _ := serve("-selector", m.Name)
				t := newTmux(80, 24, fmt.Sprintf("socat -,raw,echo=0 'unix:%s'; echo \"[socat $?]\"; exec cat", path))
				prompt(t)
				t.types("stty cols 44 rows 11; stty size")
				Eventually(t.screen, patience).Should(MatchRegexp(`(?m)^11 44$`))
				t.types("exit 7")
				Eventually(t.screen, patience).Should(HaveSuffix("exit status 7\n[socat 0]"))
			})
		})
	}
})
