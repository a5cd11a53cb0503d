@echo off
rem Builds the program when its sources changed, quietly, and runs it.
setlocal
set "OURO_HOME=%~dp0"
dotnet build "%OURO_HOME%src\Ouro.Cli\Ouro.Cli.csproj" -c Release -v quiet -nologo >"%TEMP%\ouro-build.log" 2>&1
if errorlevel 1 (
  type "%TEMP%\ouro-build.log" 1>&2
  echo ouro: the build failed; the messages are above. 1>&2
  exit /b 1
)
dotnet "%OURO_HOME%artifacts\bin\Ouro.Cli\release\ouro.dll" %*
