@echo off
rem What the task starts. After exit code 78 the configuration is wrong: the task ends as done, and is not started
rem again until somebody has mended it. 3 and 4 are ends that somebody asked for, with open positions.
cd /d C:\riskcore
venv\Scripts\riskcore.exe live --config config
if %ERRORLEVEL% EQU 78 (
  echo the configuration is wrong: see the log, mend it, then: schtasks /Run /TN riskcore
  exit /b 0
)
if %ERRORLEVEL% EQU 3 exit /b 0
if %ERRORLEVEL% EQU 4 exit /b 0
exit /b %ERRORLEVEL%
